//! Clients that do not behave, by hand.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::support::{Authority, BOTH, connect, secured};
use crate::support::{Server, ask, handshake, read_all};

/// Alerts that end a session (RFC 8446, 6).
const UNEXPECTED_MESSAGE: u8 = 10;
const DECODE_ERROR: u8 = 50;
const PROTOCOL_VERSION: u8 = 70;

async fn still_serves(authority: &Authority, server: &Server) {
    let mut client = connect(server, authority.client(BOTH)).await;
    client.send(Message::text("still there")).await.unwrap();
    let back = client.next().await.unwrap().unwrap();
    assert_eq!(back, Message::text("still there"));
}

/// What a server answers to some bytes.
async fn answer(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    read_all(&mut stream).await
}

/// A hello of a client that knows nothing newer than this version: no extensions, and ciphers that every version of its
/// time had.
fn hello(version: u8) -> Vec<u8> {
    let mut body = vec![3, version];
    body.extend([7; 32]);
    // No session, two ciphers (AES-128 and AES-256 with SHA, RSA), no compression.
    body.extend([0, 0, 4, 0x00, 0x2f, 0x00, 0x35, 1, 0]);
    let mut bytes = vec![
        0x16,
        3,
        1,
        0,
        body.len() as u8 + 4,
        1,
        0,
        0,
        body.len() as u8,
    ];
    bytes.extend(body);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_1_and_older_are_refused_by_their_version() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for version in [0, 1, 2] {
        let alert = answer(&server, &hello(version)).await;
        assert_eq!(alert.len(), 7, "{alert:?}");
        assert_eq!(
            (alert[0], &alert[3..]),
            (0x15, &[0, 2, 2, PROTOCOL_VERSION][..]),
            "{alert:?}"
        );
    }
    // The same hello with 1.2 is refused for something else, its ciphers.
    let alert = answer(&server, &hello(3)).await;
    assert_eq!(alert[0], 0x15, "{alert:?}");
    assert_ne!(alert[6], PROTOCOL_VERSION, "{alert:?}");
    still_serves(&authority, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_is_told_what_is_spoken_here() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let answer = ask(server.addr, handshake(server.addr, "").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&format!("Content-Length: {}", body.len())),
        "{answer}"
    );
    assert!(body.contains("wss://"), "{answer}");
    assert!(server.seen().is_empty(), "nothing was recorded");
    still_serves(&authority, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_closed() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for (bytes, alert) in [
        (&b"\0\0\0\0"[..], None),
        (b"*1\r\n$4\r\nPING\r\n", None),
        (&[0; 4096], None),
        // An alert, and data, before there is a session.
        (b"\x15\x03\x01\x00\x02\x02\x28", None),
        (b"\x17\x03\x03\x00\x01x", None),
        // A record of the handshake that is none, one that is too long, and one of no version.
        (
            b"\x16\x03\x01\x00\x04\xff\x00\x00\x00",
            Some(UNEXPECTED_MESSAGE),
        ),
        (b"\x16\x03\x01\xff\xff", Some(DECODE_ERROR)),
        (b"\x16\x09\x09\x00\x01x", Some(DECODE_ERROR)),
        // What only a server says.
        (
            b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00",
            Some(UNEXPECTED_MESSAGE),
        ),
    ] {
        let got = answer(&server, bytes).await;
        match alert {
            None => assert!(got.is_empty(), "{bytes:?}: {got:?}"),
            Some(alert) => assert_eq!(
                (got[0], got.last()),
                (0x15, Some(&alert)),
                "{bytes:?}: {got:?}"
            ),
        }
    }
    // A handshake that never ends.
    let mut endless = b"\x16\x03\x01\x40\x00\x01\x00\xff\xff".to_vec();
    endless.resize(5 + (16 << 10), 0);
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(&endless).await.unwrap();
    for _ in 0..8 {
        endless[5..9].fill(0);
        if stream.write_all(&endless).await.is_err() {
            break;
        }
    }
    read_all(&mut stream).await;
    assert!(server.seen().is_empty(), "nothing was recorded");
    still_serves(&authority, &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_record_ends_an_open_session() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let stream = secured(&server, authority.client(BOTH)).await.unwrap();
    let (mut socket, mut session) = stream.into_inner();
    let mut record = b"\x17\x03\x03\x00\x20".to_vec();
    record.extend([0; 32]);
    socket.write_all(&record).await.unwrap();
    let bytes = read_all(&mut socket).await;
    // The tickets of the handshake, then the alert that the record could not be decrypted.
    let mut bytes = &bytes[..];
    let refused = loop {
        assert!(session.read_tls(&mut bytes).unwrap() > 0, "no alert");
        if let Err(error) = session.process_new_packets() {
            break error.to_string();
        }
    };
    assert!(refused.contains("BadRecordMac"), "{refused}");
    still_serves(&authority, &server).await;
}
