//! `kill -9` of the gateway and of functions, under load, again and again.

use std::path::Path;

use wsfn_guarantees::processes::{Behind, Programs, endure};
use wsfn_guarantees::{Log, Number, check};

use super::histories::variable;

/// How often, where `WSFN_TEST_KILLS` does not say so.
const KILLS: u64 = 10;

/// Promised: whoever was let in gets a close event, in the end, with one id however often it is sent, whatever was killed
/// when (D2, D5); and none of the other promises is broken by it.
fn every_close_is_delivered(behind: Behind) {
    let kills = variable("WSFN_TEST_KILLS").unwrap_or(KILLS) as usize;
    let seed = variable("WSFN_TEST_SEED").unwrap_or_default();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let programs = Programs::build(&manifest).expect("they are built");
    let name = format!("wsfn-kills-{}-{behind:?}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let log = endure(kills, seed, behind, &programs, &folder).unwrap_or_else(|why| panic!("{why}"));
    let verdicts = check(&log);
    let broken: Vec<_> = verdicts
        .violations()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        broken.is_empty(),
        "{}\nthe log is in {}",
        broken.join("\n"),
        folder.display()
    );
    // Most kills find somebody whose close event is then the next start's to send.
    assert!(
        verdicts.tried(Number::D5) >= kills,
        "{} after {kills} kills",
        verdicts.tried(Number::D5)
    );
    println!(
        "{behind:?}: {kills} kills, {} entries: {}",
        log.entries.len(),
        counts(&log)
    );
    std::fs::remove_dir_all(&folder).expect("its folder");
}

fn counts(log: &Log) -> String {
    let verdicts = check(log);
    let counts: Vec<_> = Number::ALL
        .into_iter()
        .map(|number| format!("{number} {}", verdicts.tried(number)))
        .collect();
    counts.join(", ")
}

#[test]
fn kills_of_the_gateway_and_of_a_server_under_load_lose_no_close_event() {
    every_close_is_delivered(Behind::Http);
}

#[test]
fn kills_of_the_gateway_and_of_its_processes_under_load_lose_no_close_event() {
    every_close_is_delivered(Behind::Exec);
}
