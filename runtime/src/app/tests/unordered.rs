//! Whoever answers the connect says that messages are unordered, to a gateway that understands it.

use super::{CONNECT, Settings, act, forget, greet, message, note, ours, start, started};
use crate::{Context, Rejection, Text, app, on_message};

#[on_message(unordered, crate = crate)]
async fn talk(text: Result<&str, Rejection>) -> Text {
    Text(text.unwrap_or_default().to_owned())
}

async fn said(app: crate::App, context: Context) -> Option<bool> {
    let reply = started(app).await.dispatch(CONNECT.into(), context).await;
    let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
    assert_eq!(reply["errNo"], 0, "{reply}");
    reply["wsfn"]["unordered"].as_bool()
}

#[tokio::test]
async fn it_is_said_with_the_answer_to_the_connect() {
    assert_eq!(said(app![talk, crate = crate], ours()).await, Some(true));
    let all = || app![greet, talk, forget, crate = crate];
    assert_eq!(said(all(), ours()).await, Some(true));
    // As three functions of one program, of which the one for messages is another process.
    for handler in ["greet.main_handler", "talk.main", "forget"] {
        assert_eq!(said(all().narrowed(handler), ours()).await, Some(true));
    }
    // Layers see nothing of it and change nothing.
    let layered = all().around(async |event, next: crate::Next| next.run(event).await);
    assert_eq!(said(layered, ours()).await, Some(true));
}

#[tokio::test]
async fn it_is_not_said_where_messages_are_ordered_or_nobody_understands_it() {
    let ordered = app![greet, act, forget, crate = crate];
    assert_eq!(said(ordered, ours()).await, None);
    let other = Context::default();
    assert_eq!(said(app![greet, talk, crate = crate], other).await, None);
}

#[tokio::test]
async fn a_refusal_and_other_answers_do_not_say_it() {
    let app = app![greet, talk, crate = crate];
    let instance = start(app, Settings::default()).await.expect("it starts");
    let refused = CONNECT.replace("a, b", "c");
    for event in [refused, message("hi")] {
        let reply = instance.dispatch(event.as_str().into(), ours()).await;
        assert!(!reply.contains("unordered"), "{reply}");
    }
    let reply = instance.dispatch(message("hi").into(), ours()).await;
    assert_eq!(note(&reply).as_deref(), Some("hi"));
}
