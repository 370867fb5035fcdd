//! The broken gateways fit the gateway as it is, and the committed table names them all.
//!
//! That the checker catches each is proved by `cargo run -p wsfn-guarantees -- prove`, which takes minutes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use wsfn_guarantees::Number;
use wsfn_guarantees::broken::Broken;

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn all() -> Vec<Broken> {
    Broken::all(&repository().join("tests/guarantees/broken")).expect("they can be read")
}

#[test]
fn each_fits_the_gateway_as_it_is() {
    for broken in all() {
        let files = broken
            .apply(&repository())
            .unwrap_or_else(|why| panic!("{why}"));
        for (path, text) in files {
            let now =
                std::fs::read_to_string(repository().join(&path)).expect("it was read before");
            assert_ne!(now, text, "{}", broken.name);
        }
    }
}

#[test]
fn the_committed_table_has_them_all_and_each_was_caught() {
    let path = repository().join("tests/guarantees/proved.md");
    let table = std::fs::read_to_string(path).expect("the table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| number"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let unproved: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row[2] == "unproved")
        .map(|row| row[0])
        .collect();
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|row| row[2] != "unproved")
        .collect();
    let all = all();
    assert_eq!(
        rows.len(),
        all.len(),
        "run `cargo run -p wsfn-guarantees -- prove`"
    );
    for (row, broken) in rows.iter().zip(&all) {
        let expected = [
            broken.number.to_string(),
            format!("`{}`", broken.name),
            broken.how.clone(),
        ];
        assert_eq!(
            row[..3],
            expected,
            "run `cargo run -p wsfn-guarantees -- prove`"
        );
        assert!(row[3].parse::<u64>().is_ok(), "{row:?}");
    }
    for number in Number::ALL {
        let has = all.iter().any(|broken| broken.number == number);
        assert_ne!(has, unproved.contains(&*number.to_string()), "{number}");
    }
}
