//! D5: what was acknowledged is there after `kill -9`.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::{Folder, all_left, end, record};
use crate::chance::Chance;
use crate::data::Data;
use crate::journal::Journal;

/// The directory that the process to be killed writes into.
const FOLDER: &str = "WSFN_TEST_JOURNAL";
/// How many acknowledged connections are waited for before it is killed.
const OPENED: usize = 1_000;
/// How many are opened at once.
const TASKS: usize = 64;

/// Opens connections and says which, once they are acknowledged, until it is killed; every third is closed again.
fn be_killed(folder: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let data = Data::open(folder.as_ref()).expect("a directory");
        let journal = Journal::open(folder.as_ref(), data, &Chance::System).expect("a journal");
        journal.start();
        let journal = std::sync::Arc::new(journal);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..TASKS {
            let journal = std::sync::Arc::clone(&journal);
            tasks.spawn(async move {
                loop {
                    let number = record(&journal).await.expect("recorded");
                    if number % 3 == 0 {
                        // Whoever removes it need not wait, so it may or may not be there.
                        journal.remove(number);
                    } else {
                        let line = format!("opened {number}\n");
                        std::io::stdout().write_all(line.as_bytes()).expect("read");
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    });
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    if let Ok(folder) = std::env::var(FOLDER) {
        std::thread::spawn(move || be_killed(&folder))
            .join()
            .expect("killed before");
        return;
    }
    let folder = Folder::new();
    let mut opened = BTreeSet::new();
    for run in 1..=3 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "journal::tests::killed::nothing_acknowledged_is_lost",
                "--nocapture",
            ])
            .env(FOLDER, &folder.0)
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut count = 0;
        // What it wrote before it died counts, also what was read only afterwards.
        for line in lines.map_while(Result::ok) {
            // The test runner's own words may stand before it.
            let Some(at) = line.find("opened ") else {
                continue;
            };
            let number: u64 = line[at + 7..].parse().expect("a number");
            opened.insert((run, number));
            count += 1;
            if count == OPENED {
                child.kill().expect("killed");
            }
        }
        child.wait().expect("ended");
        assert!(count >= OPENED, "{count}");
    }
    let journal = folder.journal();
    let left: BTreeSet<_> = all_left(&journal)
        .await
        .iter()
        .map(|left| (left.key.start, left.key.number))
        .collect();
    let lost: Vec<_> = opened.difference(&left).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are lost: {lost:?}",
        lost.len(),
        opened.len()
    );
    let unknown = left.len() - opened.len();
    eprintln!(
        "{} acknowledged, none lost; {unknown} more are there",
        opened.len()
    );
    end(journal).await;
}
