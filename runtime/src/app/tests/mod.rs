//! What happens to an event, without a gateway: replies carry the pushes.

mod layers;
mod notes;
mod stores;
mod unordered;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use wsfn_settings::Settings;

use super::{App, Instance};
use crate::push::Push;
use crate::{
    Context, Json, Message, Protocols, RawEvent, Refuse, Result, State, Text, app, on_close,
    on_connect, on_message,
};

async fn start(app: App, settings: Settings) -> Result<Instance> {
    app.start(Push::unset(), &Arc::new(settings)).await
}

async fn started(app: App) -> Instance {
    start(app, Settings::default()).await.expect("it starts")
}

/// From our own gateway, which takes pushes in the reply.
fn ours() -> Context {
    Context {
        our_gateway: true,
        ..Context::default()
    }
}

async fn answer(app: App, event: &str) -> String {
    started(app).await.dispatch(event.into(), ours()).await
}

fn message(text: &str) -> String {
    format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"x==","dataType":"text","data":"{text}"}}}}"#
    )
}

const CONNECT: &str = r#"{"requestContext":{},"websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketProtocol":"a, b"}}"#;
const CLOSE: &str = r#"{"websocket":{"action":"closing","secConnectionID":"x=="}}"#;

/// A reply with this number and text, which the sender is told too.
fn told(err_no: i64, err_msg: &str) -> String {
    let error = format!(r#"{{"errNo":{err_no},"errMsg":"{err_msg}"}}"#);
    let data = serde_json::to_string(&error).expect("a string");
    format!(
        r#"{{"errNo":{err_no},"errMsg":"{err_msg}","wsfn":{{"push":[{{"websocket":{{"action":"data send","dataType":"text","data":{data}}}}}]}}}}"#
    )
}

/// What the sender is told inside a reply.
fn note(reply: &str) -> Option<String> {
    let reply: serde_json::Value = serde_json::from_str(reply).expect("JSON");
    let data = &reply["wsfn"]["push"][0]["websocket"]["data"];
    data.as_str().map(str::to_owned)
}

#[on_connect(crate = crate)]
async fn greet(offered: Protocols) -> Result<crate::Accept, Refuse> {
    offered.choose(&["b"])
}

#[on_message(crate = crate)]
async fn act(what: &str) -> Result<Option<Text>> {
    match what {
        "answer" => Ok(Some(Text("hi".to_owned()))),
        "refuse" => Err(Refuse::new(4001, "not today"))?,
        "fail" => Err("the password is hunter2")?,
        "panic" => panic!("the password is hunter2"),
        "hang" => std::future::pending().await,
        "oversleep" => {
            std::thread::sleep(Duration::from_millis(30));
            std::future::pending().await
        }
        _ => Ok(None),
    }
}

#[on_message(crate = crate)]
async fn count(number: Json<u8>) -> Json<u8> {
    number
}

#[on_message(crate = crate)]
async fn back(event: RawEvent) -> RawEvent {
    event
}

#[on_close(crate = crate)]
async fn forget() -> Result<()> {
    Err("the password is hunter2")?
}

#[tokio::test]
async fn each_failure_has_its_number_and_is_told_to_the_sender() {
    for (what, answered) in [
        ("nothing", r#"{"errNo":0,"errMsg":"ok"}"#.to_owned()),
        ("refuse", told(4001, "not today")),
        ("fail", told(1004, "handler failed")),
        ("panic", told(1005, "handler panicked")),
    ] {
        assert_eq!(
            answer(app![act, crate = crate], &message(what)).await,
            answered
        );
    }
    let number = answer(app![count, crate = crate], &message("x")).await;
    assert_eq!(
        number,
        told(1003, "not JSON: expected value at line 1 column 1")
    );
    let unhandled = answer(app![greet, forget, crate = crate], &message("x")).await;
    assert_eq!(unhandled, told(1002, "no handler for `data send`"));
}

#[tokio::test]
async fn a_close_that_failed_is_told_to_nobody() {
    let failed = answer(app![forget, crate = crate], CLOSE).await;
    assert_eq!(failed, r#"{"errNo":1004,"errMsg":"handler failed"}"#);
}

#[tokio::test]
async fn what_a_handler_returns_goes_to_the_sender() {
    let answered = answer(app![act, crate = crate], &message("answer")).await;
    assert_eq!(
        answered,
        r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"hi"}}]}}"#
    );
}

#[tokio::test]
async fn pushes_stay_out_of_a_reply_to_a_gateway_that_does_not_take_them_there() {
    let instance = started(app![act, crate = crate]).await;
    let context = Context::default();
    let answered = instance.dispatch(message("answer").into(), context).await;
    assert_eq!(answered, r#"{"errNo":0,"errMsg":"ok"}"#);
}

#[tokio::test]
async fn an_event_that_is_the_answer_comes_back_to_the_byte() {
    let event = message("1").replace("{\"websocket", "{ \"more\":[1, 2],\"websocket");
    assert_eq!(answer(app![back, crate = crate], &event).await, event);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_answered_for_before_the_deadline() {
    let instance = started(app![act, crate = crate]).await;
    for limit in [Duration::from_secs(3), Duration::from_millis(100)] {
        let deadline = Instant::now() + limit;
        let context = Context {
            deadline: Some(deadline),
            ..ours()
        };
        let answered = instance.dispatch(message("hang").into(), context).await;
        let timed_out = r#"{"errNo":1006,"errMsg":"handler timed out","temporary":true}"#;
        assert_eq!(note(&answered).as_deref(), Some(timed_out));
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(left >= limit / 20, "{left:?} of {limit:?} left to answer");
        assert!(
            left <= limit / 2,
            "{left:?} of {limit:?} taken from the handler"
        );
    }
}

#[tokio::test]
async fn errors_to_client_off_tells_nobody() {
    let settings = Settings {
        errors_to_client: false,
        ..Settings::default()
    };
    let instance = start(app![act, crate = crate], settings)
        .await
        .expect("it starts");
    let answered = instance.dispatch(message("fail").into(), ours()).await;
    assert_eq!(answered, r#"{"errNo":1004,"errMsg":"handler failed"}"#);
}

#[tokio::test]
async fn a_handler_that_blocks_is_answered_for_at_its_next_await() {
    let instance = started(app![act, crate = crate]).await;
    let context = Context {
        deadline: Some(Instant::now() + Duration::from_millis(20)),
        ..ours()
    };
    let outcome = instance.call(message("oversleep").into(), context).await;
    assert_eq!(outcome.err_no.0, 1006);
}

#[tokio::test]
async fn on_error_says_what_is_told() {
    let app = || {
        app![act, crate = crate].on_error(|failure| match failure.err_no() {
            1004 => Some(Message::from(format!("{:?}", failure.connection_id()))),
            1005 => panic!("in on_error"),
            _ => None,
        })
    };
    let instance = started(app()).await;
    let told = instance.call(message("fail").into(), ours()).await;
    let [wsfn_protocol::ReplyPush::Send(data)] = &told.pushes[..] else {
        panic!("{:?}", told.pushes)
    };
    assert_eq!(data.data.as_bytes(), b"x");
    for silent in ["refuse", "panic"] {
        let outcome = instance.call(message(silent).into(), ours()).await;
        assert_ne!(outcome.err_no.0, 0);
        assert!(outcome.pushes.is_empty(), "{silent}: {:?}", outcome.pushes);
    }
}

#[tokio::test]
async fn slots_without_a_handler() {
    let act = || app![act, crate = crate];
    let connect = CONNECT.replace("secWebSocketProtocol", "secWebSocketExtensions");
    assert_eq!(
        answer(act(), &connect).await,
        r#"{"errNo":0,"errMsg":"ok","websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketExtensions":""}}"#
    );
    assert_eq!(answer(act(), CLOSE).await, r#"{"errNo":0,"errMsg":"ok"}"#);
}

/// Counts how often it is made.
struct Made;
static MADE: AtomicUsize = AtomicUsize::new(0);
impl State for Made {
    async fn init() -> Result<Self> {
        MADE.fetch_add(1, Ordering::SeqCst);
        Ok(Self)
    }
}
#[on_connect(crate = crate)]
async fn with_state(_one: &Made, _two: Arc<Made>) {}
#[on_message(crate = crate)]
async fn with_the_same(_one: &Made) {}

#[tokio::test]
async fn a_state_is_made_once_and_only_where_it_is_asked_for() {
    let _ = started(app![act, crate = crate]).await;
    assert_eq!(MADE.load(Ordering::SeqCst), 0);
    let instance = started(app![with_state, with_the_same, crate = crate]).await;
    for _ in 0..3 {
        let answered = instance.dispatch(CONNECT.into(), ours()).await;
        assert!(answered.starts_with(r#"{"errNo":0"#), "{answered}");
    }
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
    let _ = started(app![with_state, crate = crate].state(Made)).await;
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
}

struct Broken;
impl State for Broken {
    async fn init() -> Result<Self> {
        Err("the disk is full")?
    }
}
struct Panicky;
impl State for Panicky {
    async fn init() -> Result<Self> {
        panic!("boom")
    }
}
#[on_message(crate = crate)]
async fn needy(_broken: &Broken, _panicky: Option<&Panicky>, _push: &Push) {}
#[on_message(crate = crate)]
async fn content(push: Option<&Push>, rooms: Option<crate::Rooms>) -> Text {
    Text(format!("{} {}", push.is_some(), rooms.is_some()))
}

#[tokio::test]
async fn everything_that_is_missing_is_said_at_once() {
    let error = start(app![needy, crate = crate], Settings::default()).await;
    let text = format!("{:?}", error.expect_err("it cannot start"));
    for part in [
        "push-url is not set",
        "WSFN_PUSH_URL=http",
        "Broken` cannot be made: the disk is full",
        "Panicky` cannot be made: `State::init` panicked: boom",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[tokio::test]
async fn an_optional_push_needs_no_address() {
    let instance = started(app![content, crate = crate]).await;
    let outcome = instance.call(message("").into(), ours()).await;
    let [wsfn_protocol::ReplyPush::Send(data)] = &outcome.pushes[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(data.data.as_bytes(), b"false false");
}

#[test]
fn handler_narrows_to_a_listed_name() {
    let names = |handler: &str| -> Vec<_> {
        let app = app![greet, act, forget, crate = crate].narrowed(handler);
        app.handlers.iter().map(super::Entry::name).collect()
    };
    assert_eq!(names("act.main_handler"), ["act"]);
    assert_eq!(names("forget"), ["forget"]);
    for all in ["", "index.main_handler", "acting.act", ".act"] {
        assert_eq!(names(all), ["greet", "act", "forget"], "{all}");
    }
}
