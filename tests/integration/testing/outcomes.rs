//! Outcomes of pushes that a test puts in store, and what is recorded.

use std::time::Duration;

use wsfn::testing::{Outcome, PushKind};
use wsfn::{
    ConnectionId, Message, Push, PushError, Result, Rooms, RoomsError, Text, on_connect, on_message,
};

use super::{echo, enter, lobby, started, talk};

fn told(result: Result<(), PushError>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(error) => format!(
            "gone {} too large {} throttled {} timeout {} errNo {:?}",
            error.is_gone(),
            error.is_too_large(),
            error.is_throttled(),
            error.is_timeout(),
            error.err_no()
        ),
    }
}

/// Pushes "x" to the connection that the message names, and tells what came of it.
#[on_message]
async fn send(push: &Push, to: &str) -> Text {
    Text(told(push.text(&to.into(), "x").await))
}

#[tokio::test]
async fn each_outcome_is_the_error_that_a_handler_knows() {
    let mut app = started(wsfn::app![send]).await;
    let (mut ann, mut bob) = (app.connect().await.unwrap(), app.connect().await.unwrap());
    for (outcome, told) in [
        (
            Outcome::Gone,
            "gone true too large false throttled false timeout false errNo Some(1101)",
        ),
        (
            Outcome::TooLarge,
            "gone false too large true throttled false timeout false errNo Some(1102)",
        ),
        (
            Outcome::Throttled,
            "gone false too large false throttled true timeout false errNo Some(1103)",
        ),
        (
            Outcome::Timeout,
            "gone false too large false throttled false timeout true errNo None",
        ),
    ] {
        app.push_outcome(bob.id(), outcome).times(1);
        ann.send_text(bob.id().as_str()).await;
        assert_eq!(ann.expect_text().await, told);
        bob.expect_nothing().await;
        ann.send_text(bob.id().as_str()).await;
        assert_eq!(ann.expect_text().await, "ok");
        assert_eq!(bob.expect_text().await, "x");
    }
    // One that is in store is the same as a connection that really is gone.
    let id = bob.id().clone();
    drop(bob);
    app.settle().await;
    ann.send_text(id.as_str()).await;
    assert!(ann.expect_text().await.starts_with("gone true"));
}

#[tokio::test]
async fn the_newest_counts_and_can_be_narrowed_and_cleared() {
    let mut app = started(wsfn::app![send]).await;
    let bob = app.connect().await.unwrap();
    let push = app.push().clone();
    app.push_outcome(bob.id(), Outcome::Gone);
    app.push_outcome(bob.id(), Outcome::TooLarge)
        .only(PushKind::Binary)
        .times(1);
    assert!(push.text(bob.id(), "x").await.unwrap_err().is_gone());
    assert!(push.binary(bob.id(), [1]).await.unwrap_err().is_too_large());
    assert!(push.binary(bob.id(), [1]).await.unwrap_err().is_gone());
    assert!(push.text(bob.id(), "x").await.unwrap_err().is_gone());
    assert!(push.close(bob.id()).await.unwrap_err().is_gone());
    let rooms = push.rooms();
    let gone = |error: RoomsError| format!("{error:?}");
    assert!(
        gone(rooms.join("r", bob.id()).await.unwrap_err()).contains("1101"),
        "a join has outcomes too"
    );
    app.clear_push_outcomes(bob.id());
    push.text(bob.id(), "x").await.unwrap();
}

#[tokio::test]
async fn one_of_many_fails_alone() {
    let mut app = lobby().await;
    let mut ann = app.connect().await.unwrap();
    let (mut bob, mut cid) = (app.connect().await.unwrap(), app.connect().await.unwrap());
    app.push_outcome(bob.id(), Outcome::Throttled);
    app.push_outcome(cid.id(), Outcome::Gone);
    let (push, rooms) = (app.push().clone(), app.push().rooms());
    // In a room who is gone is nobody's business, as on the real gateway.
    let report = rooms.broadcast("lobby", "x").await.unwrap();
    assert_eq!(report.delivered(), 1);
    assert_eq!(report.failed().len(), 1);
    assert!(report.failed()[0].error.is_full());
    let report = push
        .to_all([ann.id(), bob.id(), cid.id()], "y")
        .await
        .unwrap();
    assert_eq!((report.delivered(), report.failed().len()), (1, 2));
    // A room that the two are not in goes by itself.
    rooms.join("other", ann.id()).await.unwrap();
    let report = rooms.broadcast("other", "z").await.unwrap();
    assert_eq!((report.delivered(), report.failed().len()), (1, 0));
    for line in ["x", "y", "z"] {
        assert_eq!(ann.expect_text().await, line);
    }
    bob.expect_nothing().await;
    cid.expect_nothing().await;
    app.push_outcome(bob.id(), Outcome::Timeout).times(1);
    let before = tokio::time::Instant::now();
    assert!(rooms.everyone("x").await.is_err());
    assert!(before.elapsed() >= Duration::from_secs(10));
}

#[on_connect]
async fn greet(id: &ConnectionId, push: &Push, rooms: &Rooms) -> Result<()> {
    rooms.join("all", id).await?;
    push.text(id, "welcome").await?;
    let stranger = ConnectionId::new("AAAAAAAAAAAAAAAAAAAAAA==");
    let _ = push.close_with(&stranger, 4000, "out").await;
    Ok(())
}

#[tokio::test]
async fn everything_that_is_asked_is_recorded() {
    let app = started(wsfn::app![greet, echo]).await;
    let mut ann = app.connect().await.unwrap();
    ann.send_binary([1, 2]).await;
    assert_eq!(ann.expect_text().await, "welcome");
    assert_eq!(ann.expect_binary().await, [1, 2]);
    let pushes = app.pushes();
    let [join, welcome, out, answer] = &pushes[..] else {
        panic!("{pushes:#?}")
    };
    assert_eq!(
        (join.kind, &join.rooms[..]),
        (PushKind::Join, &["all".to_owned()][..])
    );
    assert_eq!((welcome.text(), welcome.err_no), (Some("welcome"), Some(0)));
    assert_eq!(&welcome.ids[..], [ann.id().clone()]);
    // For a connection that no client of the test has.
    assert_eq!(out.ids[0].as_str(), "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(out.close, Some((Some(4000), Some("out".to_owned()))));
    assert_eq!((out.kind, out.err_no), (PushKind::Close, Some(1101)));
    // What a handler returns is a push as well.
    assert_eq!(answer.kind, PushKind::Binary);
    assert_eq!(answer.message, Some(Message::Binary(vec![1, 2])));
}

#[tokio::test]
async fn what_a_handler_returns_can_be_lost() {
    let mut app = started(wsfn::app![enter, echo]).await;
    let mut ann = app.connect().await.unwrap();
    app.push_outcome(ann.id(), Outcome::Gone).times(1);
    ann.send_text("a").await;
    ann.send_text("b").await;
    assert_eq!(ann.expect_text().await, "b");
    let numbers: Vec<_> = app.pushes().iter().map(|pushed| pushed.err_no).collect();
    assert_eq!(numbers, [Some(0), Some(1101), Some(0)]);
}

#[tokio::test]
async fn the_example_of_the_guide() {
    let app = super::TestApp::new(wsfn::app![enter, talk]).setting("idle-timeout", "10m");
    let mut app = app.start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    let bob = app.connect().await.unwrap();
    app.push_outcome(bob.id(), Outcome::Gone);
    app.advance(Duration::from_secs(700)).await;
    assert_eq!(ann.expect_closed(4408).await, "no message for idle-timeout");
}
