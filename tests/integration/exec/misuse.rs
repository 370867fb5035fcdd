//! The runtime API, used as nobody should.

use wsfn_gateway::InvokeError;
use wsfn_protocol::{ErrNo, Kind};

use super::{OK, Rough};

#[tokio::test]
async fn used_as_documented_it_hands_out_and_takes_back() {
    let rough = Rough::new(&["ready", "loop", "next", OK]);
    for event in ["{\"one\":1}", "two", "\u{e4}"] {
        rough.call(Kind::Message, event).await.expect("an answer");
    }
    assert_eq!(rough.events(), ["{\"one\":1}", "two", "\u{e4}"]);
    let answer = rough.call(Kind::Connect, "{}").await.expect("an answer");
    assert_eq!(answer.err_no, ErrNo::OK);
}

#[tokio::test]
async fn the_first_answer_is_final() {
    let refuse = r#"respond={"errNo":7,"errMsg":"no"}"#;
    let rough = Rough::new(&["ready", "loop", "next", refuse, OK, "error=late"]);
    for _ in 0..3 {
        let answer = rough.call(Kind::Connect, "{}").await.expect("an answer");
        assert_eq!(answer.err_no, ErrNo(7));
    }
    assert_eq!(rough.events().len(), 3);
}

#[tokio::test]
async fn an_answer_to_nothing_is_none() {
    let rough = Rough::new(&["ready", OK, "error=early", "loop", "next", OK]);
    for _ in 0..2 {
        rough.call(Kind::Connect, "{}").await.expect("an answer");
    }
}

#[tokio::test]
async fn an_error_is_an_answer_too() {
    let rough = Rough::new(&["ready", "loop", "next", "error=no such table"]);
    for _ in 0..2 {
        let answer = rough.call(Kind::Message, "{}").await;
        assert!(matches!(answer, Err(InvokeError::Failed(_))), "{answer:?}");
    }
    rough.logged("no such table").await;
    // Twice the same process: it is as good as before.
    assert_eq!(rough.log.text().matches("process ended").count(), 0);
}

#[tokio::test]
async fn until_it_is_answered_the_same_event_comes_again() {
    let steps = ["ready", "loop", "next", "next", "respond-half", "next", OK];
    let rough = Rough::new(&steps);
    rough.call(Kind::Message, "one").await.expect("an answer");
    assert_eq!(rough.events(), ["one"; 3]);
    rough.call(Kind::Message, "two").await.expect("an answer");
    assert_eq!(rough.events()[3..], ["two"; 3]);
}

/// Were it handed out again, the function would handle it again, and answer too much again.
#[tokio::test]
async fn an_answer_that_is_too_large_is_the_last_one() {
    let rough = Rough::new(&["ready", "loop", "next", "respond-large=7000000"]);
    for number in 1..=2 {
        let answer = rough.call(Kind::Message, "{}").await;
        let why = answer.expect_err("no answer").to_string();
        assert!(why.contains("6 MB"), "{why}");
        assert_eq!(rough.events().len(), number);
    }
    let rough = Rough::new(&["ready", "loop", "next", "respond-large=6291456"]);
    rough.call(Kind::Message, "{}").await.expect("an answer");
}

#[tokio::test]
async fn what_is_no_call_of_it_is_told_so_and_survived() {
    let steps = [
        "garbage",
        "path=/",
        "path=/runtime/invocation/response",
        "ready",
        "garbage",
        "loop",
        "next",
        OK,
    ];
    let rough = Rough::new(&steps);
    rough.call(Kind::Message, "{}").await.expect("an answer");
    rough.logged("404 Not Found").await;
}

#[tokio::test]
async fn one_that_leaves_while_it_waits_takes_no_event_along() {
    let rough = Rough::new(&["ready", "ask-and-leave", "print=left", "loop", "next", OK]);
    rough.slots.start();
    rough.logged("left").await;
    rough.call(Kind::Message, "{}").await.expect("an answer");
    assert_eq!(rough.events().len(), 1);
}

/// Some keep a connection for each call and close none.
#[tokio::test]
async fn connections_that_are_left_open_do_not_add_up() {
    let rough = Rough::new(&["ready", "loop", "next-keep", OK]);
    for _ in 0..40 {
        rough.call(Kind::Message, "{}").await.expect("an answer");
    }
    assert_eq!(rough.events().len(), 40);
}
