//! What the sender of a message that failed is told.

use std::sync::{Arc, Mutex};

use super::{app, note, on_message, ours, started};
use crate::{Message, Push, Refuse, Result};

#[on_message(crate = crate)]
async fn act(line: &str) -> Result<()> {
    if line.contains("later") {
        Err(Refuse::new(4003, "one message a second").temporary())?;
    }
    if line.contains("no push") {
        // An error that holds one of a push, as `?` in a handler makes it.
        let push = Push::to_url("http://127.0.0.1:9/api-x")?;
        push.text(&"x==".into(), "x").await?;
    }
    Err(Refuse::new(4001, "not today"))?
}

/// The event of this text.
fn message(text: &str) -> String {
    let text = serde_json::to_string(text).expect("a string");
    super::message("").replace(r#""data":"""#, &format!(r#""data":{text}"#))
}

#[tokio::test]
async fn it_has_the_id_of_the_message_and_says_whether_it_may_go_well_later() {
    let instance = started(app![act, crate = crate]).await;
    for (text, told) in [
        ("hello", r#"{"errNo":4001,"errMsg":"not today"}"#),
        (
            r#"{"id":7,"text":"x"}"#,
            r#"{"errNo":4001,"errMsg":"not today","id":7}"#,
        ),
        (
            r#"{"text":"later","id":"a\"b"}"#,
            r#"{"errNo":4003,"errMsg":"one message a second","id":"a\"b","temporary":true}"#,
        ),
        (
            "later",
            r#"{"errNo":4003,"errMsg":"one message a second","temporary":true}"#,
        ),
        // Whoever is not there may never be.
        (
            r#"{"id":1,"text":"no push"}"#,
            r#"{"errNo":1004,"errMsg":"handler failed","id":1}"#,
        ),
    ] {
        let reply = instance.dispatch(message(text).into(), ours()).await;
        assert_eq!(note(&reply).as_deref(), Some(told), "{text}");
    }
    let binary = r#"{"websocket":{"action":"data send","secConnectionID":"x==","dataType":"binary","data":"eyJpZCI6N30="}}"#;
    let reply = instance.dispatch(binary.into(), ours()).await;
    assert!(!reply.contains(r#"\"id\""#), "{reply}");
}

#[tokio::test]
async fn a_handler_that_blocks_is_told_of_like_one_that_hangs() {
    let instance = started(app![act, crate = crate]).await;
    let event = message(r#"{"id":7}"#).into();
    let reply = instance.answer_for_blocked(&event, ours()).await;
    let told = r#"{"errNo":1006,"errMsg":"handler timed out","id":7,"temporary":true}"#;
    assert_eq!(note(&reply).as_deref(), Some(told));
    assert!(
        reply.starts_with(r#"{"errNo":1006,"errMsg":"handler timed out","#),
        "{reply}"
    );
    // Nobody is told whose connection ends, or who is only let in.
    let closing: Arc<str> = super::CLOSE.into();
    let reply = instance.answer_for_blocked(&closing, ours()).await;
    assert_eq!(reply, r#"{"errNo":1006,"errMsg":"handler timed out"}"#);
}

#[tokio::test]
async fn on_error_is_told_the_same() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let app = app![act, crate = crate].on_error(move |failure| {
        let id = failure.message_id().map(str::to_owned);
        sees.lock().expect("no panic").push((
            failure.err_no(),
            id,
            failure.is_temporary(),
            failure.note(),
        ));
        failure.is_temporary().then(|| failure.note())
    });
    let instance = started(app).await;
    let reply = instance
        .dispatch(message(r#"{"id":"a"}"#).into(), ours())
        .await;
    assert_eq!(note(&reply), None);
    let reply = instance.dispatch(message("later").into(), ours()).await;
    let later = r#"{"errNo":4003,"errMsg":"one message a second","temporary":true}"#;
    assert_eq!(note(&reply).as_deref(), Some(later));
    let first = r#"{"errNo":4001,"errMsg":"not today","id":"a"}"#;
    assert_eq!(
        *seen.lock().expect("no panic"),
        [
            (4001, Some(r#""a""#.to_owned()), false, Message::from(first)),
            (4003, None, true, Message::from(later)),
        ]
    );
}
