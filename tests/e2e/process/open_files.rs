//! A process that may open few files: a client too many is told so, and nobody else notices.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use futures_util::SinkExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::Example;

use super::gateway::{Client, text};
use super::misbehave;

/// The limit of the process, and the connections that it allows.
const FILES: usize = 80;
const ALLOWED: usize = FILES - 64;

/// A program that starts the other one with its limit lowered.
fn limited() -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("wsfn-open-files-{}", std::process::id()));
    let program = misbehave().display();
    let script = format!("#!/bin/sh\nulimit -n {FILES}\nexec '{program}'\n");
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    path
}

async fn echoes(client: &mut Client) {
    client.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(client).await, "well");
}

/// The status of a handshake that is refused.
async fn refused(address: &str) -> u16 {
    match tokio_tungstenite::connect_async(format!("ws://{address}/")).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("no answer: {error}"),
        Ok(_) => 101,
    }
}

#[tokio::test]
async fn too_many_clients_are_told_so() {
    let (address, program) = (Example::free_address(), limited());
    let process = Example::spawn(&program, &address, &[]);
    while TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut clients = Vec::new();
    while clients.len() < ALLOWED {
        // The look whether it listens may still have a place.
        match tokio_tungstenite::connect_async(format!("ws://{address}/")).await {
            Ok((client, _)) => clients.push(client),
            Err(Error::Http(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    for _ in 0..10 {
        assert_eq!(refused(&address).await, 503);
    }
    // More than there are files, none of which says anything or goes away by itself.
    let mut silent = Vec::new();
    for _ in 0..2 * FILES {
        silent.push(
            TcpStream::connect(&address)
                .await
                .expect("the system takes it"),
        );
    }
    for client in &mut clients {
        echoes(client).await;
    }
    assert_eq!(refused(&address).await, 503);
    drop(silent);
    // Who leaves makes room.
    drop(clients.pop());
    while refused(&address).await == 503 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for client in &mut clients {
        echoes(client).await;
    }
    let lines = process.output().join("\n");
    let said = format!("max_connections={ALLOWED}");
    assert!(
        lines.contains(&said) && lines.contains("ulimit -n"),
        "{lines}"
    );
    assert!(!lines.contains("cannot be accepted"), "{lines}");
    let _ = std::fs::remove_file(program);
}
