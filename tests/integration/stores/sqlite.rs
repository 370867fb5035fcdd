//! One file.

use std::io::{BufRead as _, BufReader};

use wsfn::ConnectionId;
use wsfn::rooms::Terms;

use super::{Folder, contract, opened};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    let folder = Folder::new("contract");
    contract(&folder.url()).await;
}

#[tokio::test]
async fn what_is_wrong_with_the_file_is_told() {
    let folder = Folder::new("wrong");
    std::fs::write(folder.0.join("text.db"), "no database\n".repeat(100)).expect("a file");
    for (path, told) in [
        ("nowhere/rooms.db", "the file cannot be opened"),
        ("text.db", "no database of SQLite"),
    ] {
        let url = format!("sqlite://{}/{path}", folder.0.display());
        let error = opened(&url).ready().await.expect_err(path);
        assert!(error.to_string().contains(told), "{path}: {error}");
        assert!(!error.is_unavailable(), "{path}: {error}");
    }
}

/// What is written is there for the next process, and one of a version to come is left alone.
#[tokio::test]
async fn a_file_outlives_its_process_and_one_of_the_future_is_refused() {
    let folder = Folder::new("future");
    let ann = ConnectionId::new("ann");
    let store = opened(&folder.url());
    store
        .join(&ann, "r", &Terms::default())
        .await
        .expect("joined");
    drop(store);
    let store = opened(&folder.url());
    assert_eq!(store.rooms_of(&ann).await.expect("rooms"), ["r"]);
    drop(store);
    let file = folder.0.join("rooms.db");
    let statement = "INSERT INTO wsfn_schema VALUES (7)";
    let written = std::process::Command::new("python3")
        .arg("-c")
        .arg("import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as file: file.execute(sys.argv[2])")
        .arg(&file)
        .arg(statement)
        .status();
    assert!(written.expect("python3").success());
    let error = opened(&folder.url())
        .ready()
        .await
        .expect_err("a newer one");
    assert!(error.to_string().contains("version 7"), "{error}");
}

/// Processes join, one after the other, and each is killed in the middle. Whatever was acknowledged is there.
#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_acknowledged() {
    let folder = Folder::new("killed");
    let mut kept = std::collections::BTreeSet::new();
    for round in 1..4 {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_stored"))
            .arg("join")
            .env("WSFN_STORE", folder.url())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("a process");
        let said = child.stdout.take().expect("a pipe");
        for (at, line) in BufReader::new(said)
            .lines()
            .map_while(Result::ok)
            .enumerate()
        {
            if at == 100 * round {
                child.kill().expect("it runs");
            }
            // What it had said before it was killed counts too.
            if let Some(id) = line.strip_prefix("joined ") {
                kept.insert(id.to_owned());
            }
        }
        child.wait().expect("it ends");
    }
    assert!(kept.len() >= 300, "{} joins", kept.len());
    let store = opened(&folder.url());
    for id in &kept {
        let rooms = store.rooms_of(&ConnectionId::new(id.as_str())).await;
        assert_eq!(rooms.expect("rooms"), ["kept"], "{id}");
    }
    assert!(store.count("kept").await.expect("a count") >= kept.len());
}

/// A full disk is an error, and what was acknowledged before is still there.
#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    let folder = Folder::new("full");
    let mount = |arguments: &[&str]| {
        let mut command = std::process::Command::new(arguments[0]);
        let done = command.args(&arguments[1..]).arg(&folder.0).output();
        done.is_ok_and(|done| done.status.success())
    };
    if !mount(&["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs"]) {
        wsfn_tests::skip(
            "a_full_disk_is_told_and_nothing_is_lost",
            "mounts are not permitted",
        );
        return;
    }
    let store = opened(&folder.url());
    store.ready().await.expect("there is room for the tables");
    let mut kept = 0;
    let error = loop {
        let id = ConnectionId::new(format!("{kept:0>400}"));
        match store.join(&id, "r", &Terms::default()).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert!(error.is_unavailable(), "{error}");
    assert_eq!(store.count("r").await.expect("it is read still"), kept);
    drop(store);
    // The client closes its file in the background.
    assert!(mount(&["umount", "-l"]));
}
