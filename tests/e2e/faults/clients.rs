//! Clients that do not read, stop in the middle of a frame, or flood.

use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use super::{Gateway, SOON, obedient, serves, text};

/// A client by hand, let in.
async fn by_hand(gateway: &Gateway) -> TcpStream {
    let address = gateway.process.address().parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    // As little as the system allows, so that what is not read is soon in the gateway's queue.
    socket.set_recv_buffer_size(2048).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("it listens");
    let head = "GET /slow HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.expect("an answer"));
    }
    assert!(read.starts_with(b"HTTP/1.1 101 "), "{read:?}");
    stream
}

/// Kilobytes of memory that a process holds.
fn memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("a number")
}

/// Promised: its queue fills, and pushes to it are answered with 1103, never with 1101; when a write has stalled for
/// `write-timeout` its connection ends, with a close event (B3).
#[tokio::test]
async fn one_that_never_reads_fills_its_queue_and_is_ended() {
    let function = obedient().await;
    // Long enough for the queue to be full before that.
    let settings = [("WSFN_WRITE_TIMEOUT", "8s"), ("WSFN_OUT_MAX_BYTES", "1MiB")];
    let gateway = Gateway::start(&function.url(), &settings);
    let stream = by_hand(&gateway).await;
    let id = function.wait_for("connecting", 1).await[0].id.clone();
    let line = "x".repeat(64 * 1024);
    let mut answers = Vec::new();
    while answers.last() != Some(&1103) {
        answers.push(gateway.push(&id, &line).await);
        assert!(
            answers.len() < 1000,
            "it is never full: {:?}",
            answers.last()
        );
    }
    assert!(
        answers[..answers.len() - 1]
            .iter()
            .all(|answer| *answer == 0),
        "{answers:?}"
    );
    serves(&gateway).await;
    let closes = function.wait_for("closing", 2).await;
    let own = closes
        .iter()
        .find(|close| close.id == id)
        .expect("its close event");
    assert_eq!(own.code, Some(1006));
    assert_eq!(gateway.push(&id, "late").await, 1101);
    drop(stream);
}

/// Promised: a message has `message-timeout` from its first byte to its last; then 1008, and a close event (B1).
#[tokio::test]
async fn half_a_frame_is_not_waited_for_for_ever() {
    let function = obedient().await;
    let gateway = Gateway::start(&function.url(), &[("WSFN_MESSAGE_TIMEOUT", "300ms")]);
    let mut stream = by_hand(&gateway).await;
    // A text of five bytes, of which two come.
    stream.write_all(b"\x81\x85\0\0\0\0he").await.expect("sent");
    let mut close = [0; 4];
    let read = tokio::time::timeout(SOON, stream.read_exact(&mut close)).await;
    read.expect("in time").expect("a close frame");
    assert_eq!(
        (close[0], u16::from_be_bytes([close[2], close[3]])),
        (0x88, 1008)
    );
    let closes = function.wait_for("closing", 1).await;
    assert_eq!(closes[0].code, Some(1008));
    assert!(function.seen_of("data send").is_empty());
}

/// Promised: only the newest ping is answered where a client does not read, so that a flood of them fills nothing (B1);
/// others are served (B2).
#[tokio::test]
async fn a_flood_of_pings_fills_nothing() {
    const PINGS: usize = 200_000;
    let function = obedient().await;
    let gateway = Gateway::start(&function.url(), &[]);
    serves(&gateway).await;
    let before = memory(gateway.process.id());
    let mut stream = by_hand(&gateway).await;
    let frame = [&[0x89, 0x80 | 100, 0, 0, 0, 0][..], &[b'p'; 100]].concat();
    let many = frame.repeat(1000);
    let flood = async {
        for _ in 0..PINGS / 1000 {
            // What the gateway does not read waits in the systems' buffers, and then here.
            let written =
                tokio::time::timeout(Duration::from_secs(1), stream.write_all(&many)).await;
            if !matches!(written, Ok(Ok(()))) {
                return;
            }
        }
    };
    tokio::join!(flood, serves(&gateway));
    let grown = memory(gateway.process.id()).saturating_sub(before);
    // 20 MB of pings were sent; what an allocator keeps for later is less than that.
    assert!(grown < 8 * 1024, "{grown} KiB more");
}

/// Promised: one that sends faster than its function answers is slowed down, and nothing is lost (B2, O2).
#[tokio::test]
async fn one_that_sends_faster_than_it_is_answered_loses_nothing() {
    const LINES: usize = 2000;
    let function = obedient().await;
    let gateway = Gateway::start(&function.url(), &[("WSFN_IN_MAX_MESSAGES", "4")]);
    let client = gateway.connect("fast").await;
    let (mut send, receive) = futures_util::StreamExt::split(client);
    let sending = async {
        for line in 0..LINES {
            send.send(Message::text(format!("line {line}")))
                .await
                .expect("sent");
        }
    };
    let receiving = async {
        let mut receive = receive;
        for line in 0..LINES {
            let next =
                tokio::time::timeout(SOON, futures_util::StreamExt::next(&mut receive)).await;
            let message = next.expect("in time").expect("open").expect("a frame");
            assert_eq!(
                message.into_text().expect("a text").as_str(),
                format!("line {line}")
            );
        }
    };
    tokio::join!(sending, receiving);
    let mut other = gateway.connect("other").await;
    other.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut other).await, "well");
}
