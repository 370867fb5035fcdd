//! T1: the wall clock of a process is set back and forth (libfaketime; the clock of the machine is left alone).

use std::path::PathBuf;
use std::process::Command;

use futures_util::SinkExt as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::{Deed, Example, HttpFunction, skip};

use super::gateway::{connect, text};
use super::journal::Folder;

/// The library that stands between a program and its clock.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?;
    folders
        .filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketimeMT.so.1")))
        .find(|library| library.exists())
}

/// The wall clock of a program, as far off as the file says; its monotonic one goes on.
fn set_clock(command: &mut Command, library: &PathBuf, file: &PathBuf) {
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_has_an_error_of_its_own_and_ends_no_connection() {
    let test = "a_clock_that_is_set_has_an_error_of_its_own_and_ends_no_connection";
    let Some(library) = library() else {
        return skip(test, "there is no libfaketime");
    };
    let folder = Folder::new();
    let file = folder.0.join("clock");
    let set = |off: &str| std::fs::write(&file, off).expect("written");
    set("+0s");
    let secret = ("WSFN_SECRET", "a secret of gateway and function");
    let echo = Example::start_with(
        "echo",
        "echo",
        &Example::free_address(),
        &[("WSFN_MODE", "event-invoke"), secret],
    );
    let url = format!("http://{}/event-invoke", echo.address());
    let mut command = folder.gateway(&url);
    command.env(secret.0, secret.1);
    set_clock(&mut command, &library, &file);
    let gateway = Example::listening_command(command, &Example::free_address());
    let mut client = connect(gateway.address()).await;

    for (off, side) in [("+600s", "ahead of"), ("-600s", "behind")] {
        set(off);
        let refused = tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address()));
        match refused.await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 502, "{off}"),
            other => panic!("{off}: not refused: {other:?}"),
        }
        let _ = echo.says(&format!("s {side} the one here, and 60 s are allowed"));
    }
    // Within the window it is believed, and the timers of who is connected have not noticed anything.
    for off in ["+30s", "-30s", "+0s"] {
        set(off);
        client.send(Message::text(off)).await.expect("sent");
        assert_eq!(text(&mut client).await, off);
        drop(connect(gateway.address()).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_age_of_what_is_left_is_counted_by_the_wall_clock_across_starts() {
    let test = "the_age_of_what_is_left_is_counted_by_the_wall_clock_across_starts";
    let Some(library) = library() else {
        return skip(test, "there is no libfaketime");
    };
    let folder = Folder::new();
    let file = folder.0.join("clock");
    let function = HttpFunction::scripted("127.0.0.1:0", |event| match &*event.action {
        "closing" => Deed::Status(500),
        _ => Deed::Answer(0),
    })
    .await;
    let start = |off: &str| {
        std::fs::write(&file, off).expect("written");
        let mut command = folder.gateway(&function.url());
        set_clock(&mut command, &library, &file);
        Example::listening_command(command, &Example::free_address())
    };
    let gateway = start("+0s");
    let client = connect(gateway.address()).await;
    drop(gateway);
    drop(client);
    // The start that finds it; one whose clock was set back; and one a little before the day is over.
    let mut tries = 0;
    for off in ["+0s", "-90000s", "+82800s"] {
        let gateway = start(off);
        tries = function.wait_for("closing", tries + 1).await.len();
        drop(gateway);
        let said = folder.check(&function.url(), "off");
        assert!(
            said.contains("1 close events of earlier runs wait"),
            "{off}: {said}"
        );
    }
    // A day later it is tried once more, and given up.
    let gateway = start("+90000s");
    let _ = gateway.says("was not answered within close-retry-for and is given up");
    assert!(function.seen_of("closing").len() > tries);
    gateway.terminate();
    let mut gateway = gateway;
    assert!(gateway.ended().0.success());
    let said = folder.check(&function.url(), "off");
    assert!(said.contains("has 0 connections in it"), "{said}");
}
