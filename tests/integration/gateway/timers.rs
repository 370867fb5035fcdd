//! Every timer of an open connection, to the second.

use std::time::Duration;

use wsfn::testing::{Kind, TestApp};

use super::{echo, enter, leave, started};

const SECOND: Duration = Duration::from_secs(1);

/// What is due has come: nobody waits for it any more.
async fn now<T>(expectation: impl Future<Output = T>) -> T {
    tokio::time::timeout(SECOND / 10, expectation)
        .await
        .expect("it is late")
}

#[tokio::test]
async fn an_idle_connection_is_4408_and_pings_do_not_count() {
    let app = TestApp::new(wsfn::app![echo]).setting("idle-timeout", "10m");
    let mut app = app.start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    for _ in 0..2 {
        app.advance(599 * SECOND).await;
        // A message in either direction does; so do pushes by others.
        ann.send_text("here").await;
        assert_eq!(ann.expect_text().await, "here");
        app.push().text(bob.id(), "there").await.unwrap();
        assert_eq!(bob.expect_text().await, "there");
    }
    app.advance(300 * SECOND).await;
    ann.ping().await;
    app.advance(299 * SECOND).await;
    ann.expect_nothing().await;
    app.advance(SECOND).await;
    assert_eq!(
        now(ann.expect_closed(4408)).await,
        "no message for idle-timeout"
    );
    now(bob.expect_closed(4408)).await;
}

#[tokio::test]
async fn without_idle_timeout_a_day_is_nothing() {
    let mut app = started(&[]).await;
    let mut ann = app.connect().await.unwrap();
    app.advance(24 * 60 * 60 * SECOND).await;
    ann.send_text("here").await;
    assert_eq!(ann.expect_text().await, "here");
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_gone() {
    let mut app = started(&[("ping-interval", "25s"), ("pong-timeout", "20s")]).await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    bob.pause_reading();
    app.advance(44 * SECOND).await;
    ann.expect_nothing().await;
    app.advance(SECOND).await;
    assert_eq!(now(ann.expect_text()).await, "1006");
}

#[tokio::test]
async fn whatever_comes_is_as_good_as_a_pong() {
    let mut app = started(&[("ping-interval", "25s"), ("pong-timeout", "20s")]).await;
    let mut ann = app.connect().await.unwrap();
    ann.pause_reading();
    for _ in 0..10 {
        app.advance(44 * SECOND).await;
        ann.send_text("still here").await;
    }
    ann.resume_reading();
    for _ in 0..10 {
        assert_eq!(ann.expect_text().await, "still here");
    }
}

#[tokio::test]
async fn a_message_that_trickles_is_ended() {
    let mut app = started(&[("message-timeout", "60s")]).await;
    let mut ann = app.connect().await.unwrap();
    // The head of a text of five bytes, and then one byte in twenty seconds.
    ann.send_raw(b"\x81\x85\0\0\0\0").await;
    for byte in [b"h", b"e"] {
        app.advance(20 * SECOND).await;
        ann.send_raw(byte).await;
    }
    app.advance(19 * SECOND).await;
    ann.expect_nothing().await;
    app.advance(SECOND).await;
    let reason = now(ann.expect_closed(1008)).await;
    assert!(reason.contains("message-timeout"), "{reason}");
}

#[tokio::test]
async fn the_idle_timer_pauses_while_reading_does() {
    let app = TestApp::new(wsfn::app![enter, echo, leave])
        .setting("idle-timeout", "20s")
        .setting("in-max-messages", "1");
    let mut app = app.start().await.unwrap();
    let mut ann = app.connect().await.unwrap();
    // Longer than the client may be idle; the message behind it fills the inbox meanwhile.
    app.next_call(Kind::Message).takes(25 * SECOND);
    for text in ["first", "second", "last"] {
        ann.send_text(text).await;
    }
    for text in ["first", "second", "last"] {
        assert_eq!(ann.expect_text().await, text);
    }
    ann.expect_closed(4408).await;
}

#[tokio::test]
async fn a_write_that_stalls_ends_the_connection() {
    let mut app = started(&[("write-timeout", "30s"), ("ping-interval", "1h")]).await;
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().buffer(16).await.unwrap();
    bob.pause_reading();
    let push = app.push().clone();
    push.text(bob.id(), "more than fits").await.unwrap();
    push.text(bob.id(), "and more").await.unwrap();
    app.advance(29 * SECOND).await;
    // A slow reader is not gone.
    push.text(bob.id(), "and more").await.unwrap();
    ann.expect_nothing().await;
    app.advance(SECOND).await;
    assert_eq!(now(ann.expect_text()).await, "1006");
    assert!(push.text(bob.id(), "x").await.unwrap_err().is_gone());
}

#[tokio::test]
async fn a_slow_connect_does_not_hold_up_the_others() {
    let mut app = started(&[("invoke-timeout", "30s")]).await;
    app.next_call(Kind::Connect).takes(20 * SECOND);
    let slow = app.connect().into_future();
    let quick = async {
        tokio::time::sleep(SECOND).await;
        app.connect().await
    };
    let before = tokio::time::Instant::now();
    let (slow, quick) = tokio::join!(slow, async {
        let quick = quick.await;
        (quick, before.elapsed())
    });
    slow.unwrap();
    quick.0.unwrap();
    assert!(quick.1 < 2 * SECOND, "{:?}", quick.1);
}
