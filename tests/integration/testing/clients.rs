//! What virtual clients can do, and that it is real.

use std::time::Duration;

use serde::Deserialize;
use wsfn::testing::TestApp;
use wsfn::{
    Accept, ClientAddr, CloseReason, ConnectionId, Headers, Protocols, Push, Query, Refuse, Result,
    Rooms, on_close, on_connect,
};

use super::{echo, lobby, started};

#[derive(Deserialize)]
struct Place {
    room: String,
}

/// Tells the room where its clients come from.
#[on_connect]
async fn greet(
    id: &ConnectionId,
    rooms: &Rooms,
    push: &Push,
    headers: Headers,
    place: Result<Query<Place>, wsfn::Rejection>,
    address: ClientAddr,
    offered: Protocols,
) -> Result<Accept> {
    let accept = offered.choose(&["chat.v1"])?;
    let Ok(Query(Place { room })) = place else {
        Err(Refuse::new(4001, "which room?"))?
    };
    rooms.join(&room, id).await?;
    let user = headers.get("x-user").unwrap_or("nobody");
    let address = address.0;
    push.text(id, format!("{user} from {address} in {room}"))
        .await?;
    Ok(accept)
}

#[tokio::test]
async fn the_handshake_is_a_real_one() {
    let app = TestApp::new(wsfn::app![greet, echo])
        .setting("forward-headers", "x-user")
        .start()
        .await
        .unwrap();
    let mut ann = app
        .connect()
        .path("/chat")
        .query("room=a%20b")
        .header("X-User", "ann")
        .address([192, 0, 2, 7])
        .protocol("chat.v9")
        .protocol("chat.v1")
        .await
        .unwrap();
    assert_eq!(ann.protocol(), Some("chat.v1"));
    assert_eq!(ann.expect_text().await, "ann from 192.0.2.7 in a b");
    let refused = app.connect().refused().await;
    assert_eq!((refused.status(), refused.err_no()), (403, 4001));
    assert_eq!(refused.err_msg(), "which room?");
    let refused = app.connect().protocol("v0").await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the handshake was refused: HTTP 403, errNo 1007, none of the offered sub-protocols is spoken here"
    );
    // The gateway's own words.
    let page = app.connect().header("Origin", "https://other.example");
    assert_eq!(page.refused().await.status(), 403);
}

#[tokio::test]
async fn messages_of_every_size_come_back() {
    let app = started(wsfn::app![echo]).await;
    let mut ann = app.connect().await.unwrap();
    let mut narrow = app.connect().buffer(1).await.unwrap();
    for size in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
        let text = "x".repeat(size);
        ann.send_text(&text).await;
        assert_eq!(ann.expect_text().await, text);
        let bytes = vec![7; size];
        narrow.send_binary(&bytes).await;
        assert_eq!(narrow.expect_binary().await, bytes);
    }
    ann.send_json(&vec![1, 2]).await;
    assert_eq!(ann.expect_json::<Vec<u8>>().await, [1, 2]);
    // Too large is too large.
    ann.send_text("x".repeat((1 << 20) + 1)).await;
    ann.expect_closed(1009).await;
}

/// Tells the lobby how its clients end.
#[on_close]
async fn leave(rooms: &Rooms, why: CloseReason) -> Result<()> {
    rooms
        .broadcast("lobby", format!("{:?} {:?}", why.code, why.reason))
        .await?;
    Ok(())
}

#[tokio::test]
async fn there_are_four_ways_to_go() {
    let app = started(wsfn::app![super::enter, echo, leave]).await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    bob.close().await;
    assert_eq!(ann.expect_text().await, "Some(1000) Some(\"\")");
    let mut bob = app.connect().await.unwrap();
    bob.close_with(4000, "enough").await;
    bob.expect_closed(4000).await;
    assert_eq!(ann.expect_text().await, "Some(4000) Some(\"enough\")");
    let mut bob = app.connect().await.unwrap();
    bob.vanish();
    assert_eq!(ann.expect_text().await, "Some(1006) Some(\"\")");
    drop(app.connect().await.unwrap());
    assert_eq!(ann.expect_text().await, "Some(1006) Some(\"\")");
    ann.expect_nothing().await;
}

#[tokio::test]
async fn a_client_that_is_dropped_has_sent_what_it_sent_and_one_that_vanishes_has_not() {
    let app = lobby().await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    bob.send_text("x".repeat(100_000)).await;
    drop(bob);
    assert_eq!(ann.expect_text().await.len(), 100_000);
    assert_eq!(ann.expect_text().await, "someone left");
    let mut bob = app.connect().await.unwrap();
    bob.send_text("lost").await;
    bob.vanish();
    assert_eq!(ann.expect_text().await, "someone left");
}

#[tokio::test]
async fn one_that_does_not_read_is_slow_and_in_the_end_gone() {
    let app = TestApp::new(wsfn::app![super::enter, super::talk, leave])
        .setting("out-max-messages", "4")
        .setting("write-timeout", "10s");
    let mut app = app.start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().buffer(64).await.unwrap();
    bob.pause_reading();
    for number in 0..20 {
        ann.send_text(format!("{number:060}")).await;
        ann.expect_text().await;
    }
    let full = app.push().text(bob.id(), "more").await.unwrap_err();
    assert!(full.is_full(), "{full:?}");
    // It reads on in time, and has lost what there was no room for.
    bob.resume_reading();
    // One in the socket, one on its way there, four in the queue.
    for number in 0..6 {
        assert_eq!(bob.expect_text().await, format!("{number:060}"));
    }
    bob.expect_nothing().await;
    bob.pause_reading();
    for _ in 0..3 {
        ann.send_text("x".repeat(60)).await;
        ann.expect_text().await;
    }
    app.advance(Duration::from_secs(11)).await;
    assert!(ann.expect_text().await.starts_with("Some(1006)"));
}

#[tokio::test]
async fn pings_are_answered_while_the_test_is_elsewhere() {
    let mut app = lobby().await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    ann.ping().await;
    bob.pause_reading();
    app.advance(Duration::from_secs(24 * 60 * 60)).await;
    assert_eq!(ann.expect_text().await, "someone left");
    ann.expect_nothing().await;
    bob.resume_reading();
    bob.expect_closed(1006).await;
}

#[tokio::test]
async fn frames_that_no_client_should_send_are_refused() {
    let app = started(wsfn::app![echo]).await;
    let mut ann = app.connect().await.unwrap();
    ann.send_raw(b"\x81\x01x").await;
    ann.expect_closed(1002).await;
}

#[tokio::test]
async fn a_shutdown_closes_everyone_and_takes_nobody() {
    let mut app = lobby().await;
    let mut ann = app.connect().await.unwrap();
    app.shut_down().await;
    assert_eq!(ann.expect_closed(1001).await, "the server restarts");
    assert_eq!(app.connect().refused().await.status(), 0);
    app.shut_down().await;
}
