//! Connections that behave.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use crate::support::{Server, handshake};

#[tokio::test(flavor = "multi_thread")]
async fn echo_of_text_and_binary() {
    let server = Server::echo(Settings::default()).await;
    let mut client = server.connect().await;
    for message in [
        Message::text("hello"),
        Message::text(""),
        Message::binary(vec![0, 255, 1]),
        Message::text("ü".repeat(100_000)),
    ] {
        client.send(message.clone()).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), message);
    }
    client.close(None).await.unwrap();
    while client.next().await.is_some() {}
    let closes = server.wait_for(Kind::Close, 1).await;
    assert!(
        closes[0].event.contains(r#""code":"1005""#),
        "{}",
        closes[0].event
    );
    let seqs: Vec<_> = server.seen().iter().map(|seen| seen.seq).collect();
    assert_eq!(seqs, (0..6).map(Some).collect::<Vec<_>>());
    server.stop().await;
}

#[test]
fn the_handshake_of_the_tests_is_one() {
    assert!(handshake("127.0.0.1:1".parse().unwrap(), "").ends_with("\r\n\r\n"));
}
