//! Slow and failing functions.

use std::time::Duration;

use tokio::time::Instant;
use wsfn::testing::{Kind, RunningApp};
use wsfn::{Result, on_close, on_message};

use super::{echo, enter, lobby, started};

async fn one() -> RunningApp {
    started(wsfn::app![enter, echo]).await
}

#[tokio::test]
async fn a_handler_does_what_is_in_store_and_then_what_it_always_does() {
    let mut app = one().await;
    let mut ann = app.connect().await.unwrap();
    app.next_call(Kind::Message).times(2).fails();
    app.next_call(Kind::Message).panics();
    app.next_call(Kind::Message).never_answers();
    for err_no in [1004, 1004, 1005, 1006] {
        let before = Instant::now();
        ann.send_text("x").await;
        ann.expect_error(err_no).await;
        let waited = before.elapsed() >= Duration::from_secs(20);
        assert_eq!(waited, err_no == 1006, "{:?}", before.elapsed());
    }
    ann.send_text("x").await;
    assert_eq!(ann.expect_text().await, "x");
}

#[tokio::test]
async fn a_slow_one_answers_when_its_time_has_come() {
    let mut app = one().await;
    let (mut ann, mut bob) = (app.connect().await.unwrap(), app.connect().await.unwrap());
    app.next_call(Kind::Message).takes(Duration::from_secs(5));
    ann.send_text("slow").await;
    app.settle().await;
    bob.send_text("quick").await;
    assert_eq!(bob.expect_text().await, "quick");
    app.advance(Duration::from_millis(4990)).await;
    ann.expect_nothing().await;
    app.advance(Duration::from_millis(10)).await;
    assert_eq!(ann.expect_text().await, "slow");
}

#[tokio::test]
async fn a_connect_that_fails_is_refused() {
    let mut app = one().await;
    app.next_call(Kind::Connect).fails();
    let refused = app.connect().refused().await;
    assert_eq!((refused.status(), refused.err_no()), (403, 1004));
    app.next_call(Kind::Connect).is_unreachable();
    let refused = app.connect().refused().await;
    assert_eq!((refused.status(), refused.err_no()), (502, 0));
    assert!(!refused.err_msg().is_empty());
    app.connect().await.unwrap();
}

#[tokio::test]
async fn a_function_that_breaks_or_is_not_there_ends_the_connection() {
    let mut app = one().await;
    let mut ann = app.connect().await.unwrap();
    app.next_call(Kind::Message).breaks();
    ann.send_text("x").await;
    ann.expect_closed(1011).await;
    let mut bob = app.connect().await.unwrap();
    app.next_call(Kind::Message).is_unreachable();
    bob.send_text("x").await;
    bob.expect_closed(1013).await;
}

#[on_message]
async fn quiet() {}

#[on_close]
async fn forget() -> Result<()> {
    Ok(())
}

#[tokio::test]
async fn a_close_that_breaks_is_sent_again() {
    let mut app = started(wsfn::app![quiet, forget]).await;
    let mut ann = app.connect().name("ann").await.unwrap();
    app.next_call(Kind::Close).times(2).breaks();
    ann.close().await;
    app.advance(Duration::from_secs(60)).await;
    let history = app.history();
    assert_eq!(history.matches("call: close").count(), 3, "{history}");
    assert_eq!(
        history.matches("answer to close: 0").count(),
        1,
        "{history}"
    );
}

#[tokio::test]
async fn a_fault_waits_for_its_kind() {
    let mut app = lobby().await;
    app.next_call(Kind::Close).panics();
    let mut ann = app.connect().await.unwrap();
    let mut bob = app.connect().await.unwrap();
    ann.send_text("still here").await;
    assert_eq!(bob.expect_text().await, "still here");
    ann.close().await;
    // The handler that would have told it has panicked.
    bob.expect_nothing().await;
}
