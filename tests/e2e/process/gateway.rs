//! The gateway and the application in one process, seen by a WebSocket client that somebody else wrote.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wsfn_tests::Example;

use super::misbehave;

pub(super) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) async fn connect(address: &str) -> Client {
    connect_to(address, "/").await
}

pub(super) async fn connect_to(address: &str, path: &str) -> Client {
    let url = format!("ws://{address}{path}");
    let connected = tokio_tungstenite::connect_async(url).await;
    connected.expect("accepted").0
}

pub(super) async fn text(client: &mut Client) -> String {
    loop {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), client.next());
        let message = next
            .await
            .expect("a message in time")
            .expect("open")
            .expect("a frame");
        // Where a test takes long, the gateway asks whether its clients are there.
        if !message.is_ping() {
            return message.into_text().expect("a text").to_string();
        }
    }
}

#[tokio::test]
async fn handlers_that_fail_hang_or_block_cost_only_their_own_client() {
    let address = Example::free_address();
    let environment = [
        // One that is blocked, and one that looks after the others, however few processors there are.
        ("TOKIO_WORKER_THREADS", "2"),
        // Long enough for a panic to print where it came from, and for one that naps to be late.
        ("WSFN_INVOKE_TIMEOUT", "4s"),
        ("WSFN_FAILED_MESSAGE", "tell"),
    ];
    let process = Example::listening(misbehave(), &address, &environment);
    let mut client = connect(&address).await;
    for (line, part) in [
        ("panic", "1005"),
        ("fail", "1004"),
        ("hang", "1006"),
        ("well", "well"),
    ] {
        client.send(Message::text(line)).await.expect("sent");
        let answer = text(&mut client).await;
        assert!(
            answer.contains(part) && !answer.contains("hunter2"),
            "{answer}"
        );
    }
    client.send(Message::text("nap")).await.expect("sent");
    assert_eq!(text(&mut client).await, "nap");
    let _ = process.says("blocks its thread");
    // One that never comes back is named all the same.
    let mut blocks = connect(&address).await;
    blocks.send(Message::text("block")).await.expect("sent");
    let lines = process.says("blocks its thread");
    let line = lines.last().expect("the line");
    assert!(
        line.contains("handler=\"obey\"") && line.contains("request_id="),
        "{line}"
    );
    // There is another thread, and it looks after the sockets.
    client.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut client).await, "well");
}

#[tokio::test]
async fn it_says_what_to_open_and_ends_when_asked() {
    let address = Example::free_address();
    let mut process = Example::spawn(misbehave(), &address, &[("WSFN_DRAIN", "1s")]);
    while TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let mut client = connect(&address).await;
    process.terminate();
    let last = loop {
        match client.next().await {
            Some(Ok(Message::Close(frame))) => break frame,
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    };
    assert_eq!(last.map(|frame| u16::from(frame.code)), Some(1001));
    drop(client);
    let (status, lines) = process.ended();
    assert!(status.success(), "{status}");
    let open = format!("open http://{address}/ in a browser, or connect to ws://{address}/");
    assert!(lines.iter().any(|line| line.contains(&open)), "{lines:#?}");
}
