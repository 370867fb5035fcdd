//! Clients that do not behave, by hand.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use crate::support::{Server, ask, frame, handshake, raw, read_all};

/// Nothing of what was sent before may disturb the next client.
async fn still_serves(server: &Server) {
    let mut client = server.connect().await;
    client.send(Message::text("still there")).await.unwrap();
    assert_eq!(
        client.next().await.unwrap().unwrap(),
        Message::text("still there")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_garbage_and_wrong_requests() {
    let server = Server::echo(Settings::default()).await;
    let good = handshake(server.addr, "");
    for (bytes, status) in [
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            400,
        ),
        (b"\0\0\0\0".to_vec(), 400),
        (good.replace("GET", "POST").into_bytes(), 400),
        (good.replace("HTTP/1.1", "HTTP/1.0").into_bytes(), 400),
        (good.replace(": 13", ": 12").into_bytes(), 426),
        (
            good.replace("Sec-WebSocket-Version: 13\r\n", "")
                .into_bytes(),
            426,
        ),
        (good.replace("dGhl", "dGh").into_bytes(), 400),
        (
            good.replace("Host", "Host: other\r\nHost").into_bytes(),
            400,
        ),
        (good.replace("Upgrade: websocket\r\n", "").into_bytes(), 200),
    ] {
        let answer = ask(server.addr, &bytes).await;
        let shown = String::from_utf8_lossy(&bytes);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{shown:?}: {answer}"
        );
        if status == 426 {
            assert!(answer.contains("Sec-WebSocket-Version: 13\r\n"), "{answer}");
        }
    }
    assert!(server.seen().is_empty(), "nothing was recorded");
    still_serves(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_handshake_is_408_and_a_large_one_431() {
    let server = Server::echo(Settings {
        // Long enough for what is sent at once.
        handshake_timeout: Duration::from_secs(2),
        header_max: 1000,
        ..Settings::default()
    })
    .await;
    let whole = handshake(server.addr, "");
    let half = &whole.as_bytes()[..whole.len() / 2];
    let answer = ask(server.addr, half).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("handshake-timeout"), "{answer}");
    assert!(ask(server.addr, b"").await.starts_with("HTTP/1.1 408 "));
    // A byte now and then is no progress.
    let mut slow = TcpStream::connect(server.addr).await.unwrap();
    let (mut reader, mut writer) = slow.split();
    let trickle = async {
        for byte in whole.as_bytes() {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = trickle => panic!("it was let through"),
        _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer) => {}
    }
    assert!(answer.starts_with(b"HTTP/1.1 408 "));
    let large = handshake(server.addr, &format!("X: {}\r\n", "x".repeat(1000)));
    server.has_reached("handshake-timeout", 3).await;
    let answer = ask(server.addr, large.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(answer.contains("header-max"), "{answer}");
    server.has_reached("header-max", 1).await;
    let endless = vec![b'G'; 2000];
    let answer = ask(server.addr, &endless).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    still_serves(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn header_max_holds_byte_by_byte() {
    let length = handshake("127.0.0.1:65535".parse().unwrap(), "X: y\r\n").len();
    let server = Server::echo(Settings {
        header_max: length,
        ..Settings::default()
    })
    .await;
    let shortest = handshake(server.addr, "X: \r\n").len();
    for (more, status) in [(0, "101"), (1, "431")] {
        let fill = "y".repeat(length - shortest + more);
        let request = handshake(server.addr, &format!("X: {fill}\r\n"));
        assert_eq!(request.len(), length + more);
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in request.as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let head = crate::support::read_head(&mut stream).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_are_told_and_closed() {
    let server = Server::echo(Settings {
        max_message: 1000,
        ..Settings::default()
    })
    .await;
    for (at, (bytes, code)) in [
        // Not masked, a reserved opcode, a continuation of nothing, text that is not UTF-8, one that is too large.
        (vec![0x81, 2, b'h', b'i'], 1002u16),
        (frame(3, b""), 1002),
        (frame(0, b""), 1002),
        (frame(1, b"\xff"), 1007),
        (vec![0x82, 0xfe, 0x10, 0x00, 0, 0, 0, 0], 1009),
    ]
    .into_iter()
    .enumerate()
    {
        let mut stream = raw(server.addr).await;
        stream.write_all(&bytes).await.unwrap();
        // What comes behind must not be read.
        let _ = stream.write_all(&frame(1, b"late")).await;
        let got = read_all(&mut stream).await;
        assert_eq!(got[0], 0x88, "{got:x?}");
        assert_eq!(got[2..4], code.to_be_bytes(), "{got:x?}");
        let closes = server.wait_for(Kind::Close, at + 1).await;
        assert!(
            closes[at].event.contains(&code.to_string()),
            "{}",
            closes[at].event
        );
    }
    assert!(server.seen_of(Kind::Message).is_empty());
    still_serves(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_while_the_function_works() {
    let server = Server::start(Settings::default(), |call, _| async move {
        if call.kind == Kind::Message {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        crate::support::ok()
    })
    .await;
    let mut stream = raw(server.addr).await;
    stream.write_all(&frame(1, b"x")).await.unwrap();
    server.wait_for(Kind::Message, 1).await;
    stream.write_all(&frame(9, b"p")).await.unwrap();
    let mut got = [0; 3];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut got)
        .await
        .unwrap();
    assert_eq!(&got, b"\x8a\x01p");
}

/// 10,000 with `WSFN_TEST_RESETS=10000`.
#[tokio::test(flavor = "multi_thread")]
async fn connects_and_resets() {
    let count: usize = std::env::var("WSFN_TEST_RESETS").map_or(1000, |text| text.parse().unwrap());
    let server = Server::echo(Settings::default()).await;
    let whole = handshake(server.addr, "").into_bytes();
    for at in 0..count {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        // A third say nothing, a third send half a handshake, a third all of it.
        let part = &whole[..whole.len() * (at % 3) / 2];
        let _ = stream.try_write(part);
        // Linger 0 makes the drop a reset.
        #[expect(
            deprecated,
            reason = "a blocking close is what is wanted, and with 0 it does not block"
        )]
        stream.set_linger(Some(Duration::ZERO)).unwrap();
    }
    still_serves(&server).await;
    // Every connect has its close in the end.
    crate::support::until(|| {
        let connects = server.seen_of(Kind::Connect).len();
        (server.seen_of(Kind::Close).len() + 1 >= connects).then_some(())
    })
    .await;
}
