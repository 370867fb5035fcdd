//! Every expectation fails when it should, and says what a person needs to go on.

use std::time::Duration;

use serde::Deserialize;
use wsfn::testing::{Client, Kind};

use super::{echo, lobby, panic_of, started};

#[derive(Debug, Deserialize)]
struct Line {
    #[expect(dead_code, reason = "it is about what is missing")]
    room: String,
}

/// The first line of a failure, which names this file, the seed and what was sent as well.
fn first_line(failure: &str) -> &str {
    for part in ["wrong.rs:", "WSFN_TEST_SEED=0", "→ connect /"] {
        assert!(failure.contains(part), "no {part} in: {failure}");
    }
    failure.lines().next().unwrap_or_default()
}

/// What a wrong expectation says to a client whose text comes back.
async fn after_text(text: &str, wrong: impl AsyncFnOnce(&mut Client)) -> String {
    let app = started(wsfn::app![echo]).await;
    let mut ann = app.connect().name("ann").await.unwrap();
    ann.send_text(text).await;
    panic_of(wrong(&mut ann)).await
}

#[tokio::test]
async fn the_whole_message() {
    let mut app = lobby().await;
    let mut ann = app.connect().name("ann").query("room=1").await.unwrap();
    let mut bob = app.connect().protocol("chat.v1").await.unwrap();
    ann.send_text("{\"say\":\n\"hello\"}").await;
    ann.expect_text().await;
    app.advance(Duration::from_secs(30)).await;
    bob.send_binary([7; 40]).await;
    app.settle().await;
    ann.ping().await;
    bob.close_with(4000, "enough").await;
    let failure = panic_of(ann.expect_text()).await;
    let (before, after) = failure.split_once("wrong.rs:").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    assert_eq!(
        before.rsplit_once("\n  at ").unwrap().0,
        "ann expected a text message, but binary (40 bytes) 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 \
         07 07 07 07 07 07 07 07 07 07 07 07 … came"
    );
    assert_eq!(
        after,
        "\n\
all that ann sent (→) and got (←):
    1     0.000 s  → connect /?room=1
    2     0.000 s  ← accepted
    3     0.000 s  → text {\"say\":\\n\"hello\"}
    4     0.000 s  ← text {\"say\":\\n\"hello\"}
    5    25.000 s  ← ping
    6    25.000 s  → pong
    7    30.000 s  ← binary (40 bytes) 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 …
    8    30.001 s  → ping
    9    30.001 s  ← pong
   10    30.001 s  ← text someone left

the seed was 0: WSFN_TEST_SEED=0 in the environment, or TestApp::seed(0), runs it the same way again
"
    );
}

#[tokio::test]
async fn nothing_where_something_is_expected() {
    let app = started(wsfn::app![echo]).await;
    for number in 0..6 {
        let mut ann = app.connect().name("ann").await.unwrap();
        let (expected, failure) = match number {
            0 => ("a text message", panic_of(ann.expect_text()).await),
            1 => ("a binary message", panic_of(ann.expect_binary()).await),
            2 => (
                "JSON that is a `Line`",
                panic_of(ann.expect_json::<Line>()).await,
            ),
            3 => (
                "an error with errNo 1003",
                panic_of(ann.expect_error(1003)).await,
            ),
            4 => (
                "to be closed with 1000",
                panic_of(ann.expect_closed(1000)).await,
            ),
            _ => {
                ann.pause_reading();
                let failure = panic_of(ann.ping()).await;
                assert_eq!(
                    first_line(&failure),
                    "ann expected a pong, but its reading is paused, so nothing can come"
                );
                continue;
            }
        };
        let expected = format!("ann expected {expected}, but nothing came within 60 s");
        assert_eq!(first_line(&failure), expected);
    }
}

#[tokio::test]
async fn something_where_nothing_is_expected() {
    let failure = after_text("hi", async |ann| ann.expect_nothing().await).await;
    assert_eq!(
        first_line(&failure),
        "ann expected nothing, but text hi came"
    );
    let app = started(wsfn::app![echo]).await;
    let mut ann = app.connect().await.unwrap();
    app.push().close(ann.id()).await.unwrap();
    let failure = panic_of(ann.expect_nothing()).await;
    assert_eq!(
        first_line(&failure),
        "client 1 expected nothing, but it is closed: close 1000"
    );
}

#[tokio::test]
async fn something_else_than_expected() {
    let failure = after_text("hi", async |ann| {
        ann.expect_binary().await;
    });
    assert_eq!(
        first_line(&failure.await),
        "ann expected a binary message, but text hi came"
    );
    let failure = after_text("{\"room\":1}", async |ann| {
        ann.expect_json::<Line>().await;
    });
    assert_eq!(
        first_line(&failure.await),
        "ann expected JSON that is a `Line`, but text {\"room\":1} came: invalid type: integer `1`, expected a string \
         at line 1 column 9"
    );
    for text in ["{\"errNo\":1004,\"errMsg\":\"x\"}", "{}", "hi"] {
        let failure = after_text(text, async |ann| {
            ann.expect_error(1003).await;
        });
        assert_eq!(
            first_line(&failure.await),
            format!("ann expected an error with errNo 1003, but text {text} came")
        );
    }
    let failure = after_text("hi", async |ann| {
        ann.expect_closed(1000).await;
    });
    assert_eq!(
        first_line(&failure.await),
        "ann expected to be closed with 1000, but text hi came"
    );
}

#[tokio::test]
async fn closed_otherwise_than_expected() {
    let app = started(wsfn::app![echo]).await;
    for number in 0..7 {
        let mut ann = app.connect().name("ann").await.unwrap();
        let push = app.push();
        push.close_with(ann.id(), 4000, "enough").await.unwrap();
        let (expected, failure) = match number {
            0 => (
                "to be closed with 4001",
                panic_of(ann.expect_closed(4001)).await,
            ),
            1 => ("a text message", panic_of(ann.expect_text()).await),
            2 => ("a pong", panic_of(ann.ping()).await),
            _ => {
                ann.expect_closed(4000).await;
                // What the test knows is no news.
                ann.expect_nothing().await;
                match number {
                    3 => ("to send", panic_of(ann.send_text("x")).await),
                    4 => ("to send", panic_of(ann.send_json(&1)).await),
                    5 => ("to close the connection", panic_of(ann.close()).await),
                    _ => ("to send a ping", panic_of(ann.ping()).await),
                }
            }
        };
        let came = "but it is closed: close 4000 (enough)";
        assert_eq!(
            first_line(&failure),
            format!("ann expected {expected}, {came}")
        );
    }
}

#[tokio::test]
async fn sent_by_nobody() {
    let app = started(wsfn::app![echo]).await;
    let mut ann = app.connect().name("ann").await.unwrap();
    ann.vanish();
    let failure = panic_of(ann.send_text("x")).await;
    assert_eq!(
        first_line(&failure),
        "ann expected to send, but it is closed: close 1006"
    );
}

#[tokio::test]
async fn accepted_where_a_refusal_is_expected() {
    let app = started(wsfn::app![echo]).await;
    let failure = panic_of(app.connect().refused()).await;
    assert_eq!(
        first_line(&failure),
        "client 1 expected a handshake that is refused, but it was accepted, with errNo 0"
    );
}

#[tokio::test]
async fn a_handshake_that_nobody_answers_in_time() {
    let app = super::TestApp::new(wsfn::app![super::enter])
        .setting("invoke-timeout", "5m")
        .start();
    let mut app = app.await.unwrap();
    app.next_call(Kind::Connect).never_answers();
    let failure = panic_of(async { app.connect().await.map(drop) }).await;
    assert_eq!(
        first_line(&failure),
        "client 1 expected an answer to the handshake, but nothing came within 60 s"
    );
}

#[tokio::test]
async fn a_push_that_is_no_text_or_other_json() {
    let app = started(wsfn::app![echo]).await;
    let mut ann = app.connect().await.unwrap();
    ann.send_binary([1]).await;
    ann.expect_binary().await;
    let failure = panic_of(async { app.pushes()[0].json::<Line>() }).await;
    assert_eq!(
        failure,
        "expected a push of a text, but it was: binary: (1 bytes) 01"
    );
    ann.send_text("{}").await;
    ann.expect_text().await;
    let failure = panic_of(async { app.pushes()[1].json::<Line>() }).await;
    assert!(
        failure.contains("Line`, but it was {}: missing field `room`"),
        "{failure}"
    );
}
