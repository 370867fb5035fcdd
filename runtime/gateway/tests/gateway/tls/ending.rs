//! Ends: close_notify, from either side or missing.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use super::support::{Authority, BOTH, raw, secured};
use crate::support::{SOON, Server, action_json, frame, read_all};

/// All that comes until the session ends; fails when it ends without close_notify.
async fn to_the_end(stream: &mut super::support::Raw) -> Vec<u8> {
    let mut all = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut all)).await;
    read.unwrap().expect("close_notify");
    all
}

async fn code_in_event(server: &Server, closes: usize) -> String {
    let closes = server.wait_for(Kind::Close, closes).await;
    let event = &closes[closes.len() - 1].event;
    let (_, rest) = event.split_once(r#""code":""#).unwrap();
    rest[..4].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_is_ended_after_the_close_frame() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for (at, version) in [&TLS12, &TLS13].into_iter().enumerate() {
        // Asked by the client.
        let mut stream = raw(&server, authority.client(&[version])).await;
        stream
            .write_all(&frame(8, &4321u16.to_be_bytes()))
            .await
            .unwrap();
        assert_eq!(to_the_end(&mut stream).await, [0x88, 2, 0x10, 0xe1]);
        assert_eq!(code_in_event(&server, 2 * at + 1).await, "4321");
        // Asked by the function.
        let mut stream = raw(&server, authority.client(&[version])).await;
        let id = server.wait_for(Kind::Connect, 2 * at + 2).await[2 * at + 1]
            .id
            .clone();
        let close = action_json("closing", &id, r#","code":4000"#);
        assert_eq!(server.push(&close).err_no, 0);
        let mut close = [0; 4];
        stream.read_exact(&mut close).await.unwrap();
        assert_eq!(close, [0x88, 2, 0x0f, 0xa0]);
        stream
            .write_all(&frame(8, &4000u16.to_be_bytes()))
            .await
            .unwrap();
        assert!(to_the_end(&mut stream).await.is_empty());
        assert_eq!(code_in_event(&server, 2 * at + 2).await, "4000");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_a_close_frame_is_1006() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    for (at, version) in [&TLS12, &TLS13].into_iter().enumerate() {
        // With close_notify, which is answered with one.
        let mut stream = raw(&server, authority.client(&[version])).await;
        stream.shutdown().await.unwrap();
        assert_eq!(code_in_event(&server, 2 * at + 1).await, "1006");
        assert!(to_the_end(&mut stream).await.is_empty());
        // And without.
        let stream = raw(&server, authority.client(&[version])).await;
        let (mut socket, _) = stream.into_inner();
        socket.shutdown().await.unwrap();
        assert_eq!(code_in_event(&server, 2 * at + 2).await, "1006");
        drop(socket);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_before_close_notify_are_delivered() {
    let authority = Authority::new();
    let server = Server::echo(authority.settings()).await;
    let mut stream = raw(&server, authority.client(BOTH)).await;
    for _ in 0..5 {
        stream.write_all(&frame(1, b"x")).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    server.wait_for(Kind::Close, 1).await;
    assert_eq!(server.seen_of(Kind::Message).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_has_its_time() {
    let authority = Authority::new();
    let server = Server::echo(Settings {
        // Long enough for a whole handshake of TLS.
        handshake_timeout: Duration::from_secs(3),
        ..authority.settings()
    })
    .await;
    // Nobody to whom anything could be said.
    let mut silent = TcpStream::connect(server.addr).await.unwrap();
    assert!(read_all(&mut silent).await.is_empty());
    // Half a hello, then nothing.
    let mut half = TcpStream::connect(server.addr).await.unwrap();
    half.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        .await
        .unwrap();
    assert!(read_all(&mut half).await.is_empty());
    // TLS, then nothing, or half a request.
    for request in [&b""[..], b"GET / HTTP/1.1\r\nHost:"] {
        let mut stream = secured(&server, authority.client(BOTH)).await.unwrap();
        stream.write_all(request).await.unwrap();
        let answer = to_the_end(&mut stream).await;
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_one_too_many_is_told_so() {
    let authority = Authority::new();
    let server = Server::echo(Settings {
        max_connections: 1,
        ..authority.settings()
    })
    .await;
    let _one = raw(&server, authority.client(BOTH)).await;
    let mut two = secured(&server, authority.client(BOTH)).await.unwrap();
    let answer = to_the_end(&mut two).await;
    assert!(answer.starts_with(b"HTTP/1.1 503 "), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_no_handshake() {
    let authority = Authority::new();
    let server = Server::echo(Settings {
        handshake_timeout: Duration::from_secs(3600),
        write_timeout: Duration::from_secs(3600),
        drain: Duration::from_secs(3600),
        ..authority.settings()
    })
    .await;
    let mut silent = TcpStream::connect(server.addr).await.unwrap();
    let mut early = secured(&server, authority.client(BOTH)).await.unwrap();
    let mut open = raw(&server, authority.client(BOTH)).await;
    let answers = async {
        let mut close = [0; 4];
        open.read_exact(&mut close).await.unwrap();
        let mut reason = [0; 19];
        open.read_exact(&mut reason).await.unwrap();
        assert_eq!(close, [0x88, 21, 0x03, 0xe9]);
        open.write_all(&frame(8, &1001u16.to_be_bytes()))
            .await
            .unwrap();
        to_the_end(&mut early).await
    };
    let ((), early) = tokio::join!(server.stop(), answers);
    assert!(early.starts_with(b"HTTP/1.1 503 "));
    assert!(read_all(&mut silent).await.is_empty());
}
