//! Every number of the table, by every way that leads to it.

use std::time::Duration;

use wsfn::{
    Accept, ConnectionId, Context, Error, Json, Protocols, RawEvent, Refuse, Rejection, Result,
    Text, on_close, on_connect, on_message,
};

use super::{close, connect, context, error, ok, text};

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.require(&["chat.v1"])
}

#[on_connect]
async fn enter(id: &ConnectionId) -> Result<()> {
    match id.as_str() {
        "full" => Err(Refuse::new(4001, "the room is full"))?,
        "zero" => Err(Refuse::new(0, "accepted?"))?,
        "fail" => Err("the password is hunter2")?,
        "panic" => panic!("the password is hunter2"),
        _ => Ok(()),
    }
}

#[on_connect]
async fn with_number(_token: wsfn::Query<u8>) {}

#[on_message]
async fn talk(line: &str) -> Result<()> {
    match line {
        "refuse" => Err(Refuse::new(4002, "say something else"))?,
        "deep" => Err(Outer(Refuse::new(4003, "deep inside")))?,
        "coded" => Err(Error::from(Coded))?,
        "rejection" => Err(Rejection::new("line: too long"))?,
        "anyhow" => Err(anyhow::anyhow!("the password is hunter2"))?,
        "panic" => panic!("the password is hunter2"),
        "drop" => {
            let _bomb = Bomb;
            Ok(())
        }
        _ => Ok(()),
    }
}

#[on_message]
async fn unwritable() -> Json<std::collections::BTreeMap<[u8; 1], u8>> {
    Json([([1], 1)].into())
}

#[on_message]
async fn hang() {
    std::future::pending().await
}

#[on_message]
async fn count(Json(_): Json<u8>) -> Text {
    Text("not reached".to_owned())
}

#[on_close]
async fn leave(event: RawEvent) -> RawEvent {
    event
}

struct Coded;
impl From<Coded> for Error {
    fn from(_: Coded) -> Self {
        Refuse::new(4004, "coded").into()
    }
}

#[derive(Debug)]
struct Outer(Refuse);
impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}
impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

struct Bomb;
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// An error that panics when it is shown, and when it is dropped.
struct Loud;
impl std::fmt::Debug for Loud {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("shown")
    }
}
impl std::fmt::Display for Loud {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("shown")
    }
}
impl std::error::Error for Loud {}
impl Drop for Loud {
    fn drop(&mut self) {
        panic!("dropped")
    }
}

#[on_message]
async fn loud() -> Result<(), Loud> {
    Err(Loud)
}

#[tokio::test]
async fn accepted() {
    let answered = enter::main_handler(&connect("", "{}"), &context()).await;
    let socket = r#""websocket":{"action":"connecting","secConnectionID":"x=="}"#;
    assert_eq!(answered, format!(r#"{{"errNo":0,"errMsg":"ok",{socket}}}"#));
    let offer = r#","secWebSocketProtocol":"chat.v2, chat.v1","secWebSocketExtensions":"permessage-deflate""#;
    let answered = greet::main_handler(&connect(offer, "{}"), &context()).await;
    let chosen = r#""secWebSocketProtocol":"chat.v1","secWebSocketExtensions":"""#;
    let socket =
        format!(r#""websocket":{{"action":"connecting","secConnectionID":"x==",{chosen}}}"#);
    assert_eq!(answered, format!(r#"{{"errNo":0,"errMsg":"ok",{socket}}}"#));
    assert_eq!(talk::main_handler(&text("hi"), &context()).await, ok());
    assert_eq!(leave::main_handler(&close(""), &context()).await, close(""));
}

#[tokio::test]
async fn n101_and_102_in_the_samples_words_and_order() {
    let (no_context, no_websocket) = (
        error(101, "not found request context"),
        error(102, "not found websocket"),
    );
    let registers = [
        ("{}", &no_context),
        (r#"{"websocket":{"action":"connecting"}}"#, &no_context),
        (r#"{"requestContext":{}}"#, &no_websocket),
        (r#"{"requestContext":{},"websocket":null}"#, &no_websocket),
    ];
    for (event, answered) in registers {
        assert_eq!(&enter::main_handler(event, &context()).await, answered);
    }
    for event in ["{}", r#"{"requestContext":{}}"#] {
        let answered = error(102, "not found web socket");
        assert_eq!(talk::main_handler(event, &context()).await, answered);
        assert_eq!(leave::main_handler(event, &context()).await, answered);
    }
}

#[tokio::test]
async fn n1002_an_action_that_nobody_handles() {
    assert_eq!(
        leave::main_handler(&text("hi"), &context()).await,
        error(1002, "no handler for `data send`")
    );
    let event = r#"{"websocket":{"action":"dance","secConnectionID":"x=="}}"#;
    let answered = talk::main_handler(event, &context()).await;
    assert!(answered.starts_with(r#"{"errNo":1002"#), "{answered}");
    assert!(answered.contains("`dance`"), "{answered}");
}

#[tokio::test]
async fn n1003_an_argument_that_cannot_be_made() {
    assert_eq!(
        count::main_handler(&text(r#""x""#), &context()).await,
        error(1003, r#"expected a whole number from 0 to 255, got "x""#)
    );
    assert_eq!(
        talk::main_handler(&text("rejection"), &context()).await,
        error(1003, "line: too long")
    );
    // Who is not let in is not told what is wrong inside.
    let query = connect("", r#"{"queryString":"secret=1"}"#);
    assert_eq!(
        with_number::main_handler(&query, &context()).await,
        error(1003, "request rejected")
    );
}

#[tokio::test]
async fn n1004_a_handler_that_failed_and_says_nothing_more() {
    let failed = error(1004, "handler failed");
    assert_eq!(
        talk::main_handler(&text("anyhow"), &context()).await,
        failed
    );
    assert_eq!(
        unwritable::main_handler(&text(""), &context()).await,
        failed
    );
    let fail = connect("", "{}").replace("x==", "fail");
    assert_eq!(enter::main_handler(&fail, &context()).await, failed);
}

#[tokio::test]
async fn n1005_a_panic_is_one_event_s_own() {
    let panicked = error(1005, "handler panicked");
    let refused = connect("", "{}").replace("x==", "panic");
    assert_eq!(enter::main_handler(&refused, &context()).await, panicked);
    for line in ["panic", "drop", "panic"] {
        assert_eq!(talk::main_handler(&text(line), &context()).await, panicked);
    }
    assert_eq!(talk::main_handler(&text("hi"), &context()).await, ok());
}

#[tokio::test]
async fn an_error_that_panics_when_it_is_shown_or_dropped_is_answered() {
    // Shown only where a log is kept.
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::sink)
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    assert_eq!(
        loud::main_handler(&text(""), &context()).await,
        error(1004, "handler failed")
    );
}

#[tokio::test(start_paused = true)]
async fn n1006_a_handler_that_hangs() {
    let mut context = Context::default();
    context.deadline = Some(tokio::time::Instant::now() + Duration::from_secs(3));
    assert_eq!(
        hang::main_handler(&text(""), &context).await,
        error(1006, "handler timed out")
    );
}

#[tokio::test]
async fn n1007_no_sub_protocol_in_common() {
    for offer in ["", r#","secWebSocketProtocol":"chat.v2""#] {
        assert_eq!(
            greet::main_handler(&connect(offer, "{}"), &context()).await,
            error(1007, "none of the offered sub-protocols is spoken here")
        );
    }
}

#[tokio::test]
async fn the_application_s_own_numbers() {
    let full = connect("", "{}").replace("x==", "full");
    assert_eq!(
        enter::main_handler(&full, &context()).await,
        error(4001, "the room is full")
    );
    // 0 would let the client in.
    let zero = connect("", "{}").replace("x==", "zero");
    assert_eq!(
        enter::main_handler(&zero, &context()).await,
        error(1004, "accepted?")
    );
    for (line, err_no, err_msg) in [
        ("refuse", 4002, "say something else"),
        ("deep", 4003, "deep inside"),
        ("coded", 4004, "coded"),
    ] {
        assert_eq!(
            talk::main_handler(&text(line), &context()).await,
            error(err_no, err_msg)
        );
    }
}
