//! The gateway as it is, under many seeds.

use std::collections::BTreeMap;

use wsfn_guarantees::{Number, check, history};

/// How many, where `WSFN_TEST_HISTORIES` does not say so.
const HISTORIES: u64 = 1000;

/// A number from the environment.
pub(crate) fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} = `{text}`: expected a number")),
    )
}

/// `WSFN_TEST_SEED` replays one history, `WSFN_TEST_HISTORIES` says how many there are.
#[test]
fn random_histories_keep_every_promise() {
    let seeds = match variable("WSFN_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("WSFN_TEST_HISTORIES").unwrap_or(HISTORIES),
    };
    let whole = seeds.end - seeds.start >= HISTORIES;
    let mut held: BTreeMap<Number, u64> = BTreeMap::new();
    for seed in seeds {
        let verdicts = check(&history::run(seed));
        let broken: Vec<_> = verdicts
            .violations()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            broken.is_empty(),
            "{}\nagain: WSFN_TEST_SEED={seed} cargo test -p wsfn-guarantees random_histories\n\
             its log: cargo run -p wsfn-guarantees -- run {seed}",
            broken.join("\n")
        );
        for number in Number::ALL {
            *held.entry(number).or_default() += u64::from(verdicts.tried(number) > 0);
        }
    }
    // What is shown with `--nocapture`, and stands in the docs.
    for (number, count) in &held {
        println!("{number} held in {count} histories that tried it");
    }
    // A generator that does not reach what it is to try proves nothing.
    for (number, count) in held {
        let in_memory = number != Number::D5;
        assert!(
            !whole || !in_memory || count >= HISTORIES / 4,
            "{number} was tried in {count}"
        );
    }
}

#[test]
fn a_seed_is_always_the_same_history() {
    for seed in 0..20 {
        let (one, two) = (history::run(seed), history::run(seed));
        assert_eq!(one.to_lines(), two.to_lines(), "seed {seed}");
    }
    assert_ne!(history::run(1), history::run(2));
}
