//! The real gateway: processes, sockets and kills.

use std::path::Path;

use wsfn_guarantees::processes::{Programs, hold};

/// How many histories, where `WSFN_TEST_PROCESSES` does not say so.
const HISTORIES: u64 = 6;

/// `WSFN_TEST_SEED` carries one seed out, `WSFN_TEST_PROCESSES` says how many there are.
#[test]
fn random_histories_of_processes_keep_every_promise() {
    let seeds = match super::histories::variable("WSFN_TEST_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..super::histories::variable("WSFN_TEST_PROCESSES").unwrap_or(HISTORIES),
    };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let programs = Programs::build(&manifest).expect("they are built");
    let held = hold(seeds, &programs).unwrap_or_else(|why| panic!("{why}"));
    for (number, count) in held {
        println!("{number} held in {count} histories that tried it");
    }
}
