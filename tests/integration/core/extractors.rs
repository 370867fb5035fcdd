//! What arguments are made of. Each handler says what it got as the text of a refusal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use wsfn::{
    Binary, Body, ClientAddr, CloseReason, ConnectionId, Context, Event, Extensions, FromEvent,
    HasBody, Headers, Json, Message, OnMessage, Protocols, Query, RawEvent, Refuse, Rejection,
    RequestContext, Slot, State, Text, on_close, on_connect, on_message,
};

use super::{close, connect, context, message, text};

/// The number with which a handler says what it got.
const GOT: i64 = 1;

fn got(value: impl Debug) -> Result<(), Refuse> {
    Err(Refuse::new(GOT, format!("{value:?}")))
}

/// Number and text of an answer.
fn read(answer: &str) -> (i64, String) {
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    let text = answer["errMsg"].as_str().expect("a text").to_owned();
    (answer["errNo"].as_i64().expect("a number"), text)
}

/// What a handler says to events, each beside what it should.
macro_rules! says {
    ($handler:ident: $($event:expr => $err_no:expr, $text:expr;)+) => {
        $({
            let answer = $handler::main_handler(&$event, &context()).await;
            assert_eq!(read(&answer), ($err_no, $text.to_owned()), "{}", stringify!($event));
        })+
    };
}

#[derive(Debug, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    room: &'a str,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[on_message]
async fn texts(one: &str, two: Text, three: String, four: Text<&str>) -> Result<(), Refuse> {
    got((one, two.0, three, four.0))
}
#[on_message]
async fn bytes(one: &[u8], two: Binary, three: Message) -> Result<(), Refuse> {
    got((one, two.0, three))
}
#[on_message]
async fn either(text: Option<&str>, bytes: Option<Binary>) -> Result<(), Refuse> {
    got((text, bytes.map(|bytes| bytes.0)))
}
#[on_message]
async fn borrowed(Json(line): Json<Line<'_>>, whole: &str) -> Result<(), Refuse> {
    let inside = |part: &str| whole.as_bytes().as_ptr_range().contains(&part.as_ptr());
    got((line.room, inside(line.room), &line.text, inside(&line.text)))
}
#[on_message]
async fn optional(line: Option<Json<Line<'_>>>) -> Result<(), Refuse> {
    got(line.map(|line| line.0.room))
}
#[on_message]
async fn result(line: Result<Json<Line<'_>>, Rejection>) -> Result<(), Refuse> {
    match line {
        Ok(Json(line)) => got(line.text),
        Err(rejection) => got((rejection.is_absent(), rejection.to_string())),
    }
}

#[tokio::test]
async fn the_body_of_a_message() {
    says!(texts:
        text("hä") => GOT, r#"("hä", "hä", "hä", "hä")"#;
        message("binary", "AQI=") => 1003, "expected a text message, found a binary one";
    );
    says!(bytes:
        message("binary", "AQI=") => GOT, "([1, 2], [1, 2], Binary([1, 2]))";
        message("binary", "AQI") => GOT, "([1, 2], [1, 2], Binary([1, 2]))";
        text("x") => 1003, "expected a binary message, found a text one";
    );
    says!(either:
        text("x") => GOT, r#"(Some("x"), None)"#;
        message("binary", "AQI=") => GOT, "(None, Some([1, 2]))";
    );
}

#[tokio::test]
async fn json_borrows_and_names_the_field() {
    says!(borrowed:
        text(r#"{"room":"r","text":"t"}"#) => GOT, r#"("r", true, "t", true)"#;
        text(r#"{"room":"r","text":"\n"}"#) => GOT, r#"("r", true, "\n", false)"#;
        text(r#"{"room":"r"}"#) => 1003, "text: missing field";
        text(r#"{"room":"a\"b","text":"t"}"#) => GOT, r#"("a\"b", false, "t", true)"#;
        text(r#"{"room":"a\"b"}"#) => 1003, "text: missing field";
        text(r#"{"room":7}"#) => 1003, "room: expected a string, got 7";
        text("{") => 1003, "not JSON: it ends inside an object at line 1 column 1";
    );
}

#[tokio::test]
async fn option_is_none_for_what_is_absent_and_refuses_what_is_malformed() {
    says!(optional:
        text(r#"{"room":"r","text":"t"}"#) => GOT, r#"Some("r")"#;
        message("binary", "AQI=") => GOT, "None";
        text("{}") => 1003, "room: missing field";
        text("") => 1003, "not JSON: it is empty";
    );
    says!(result:
        text(r#"{"room":"r","text":"t"}"#) => GOT, r#""t""#;
        text("{}") => GOT, r#"(false, "room: missing field")"#;
        message("binary", "") => GOT, r#"(true, "expected a text message, found a binary one")"#;
    );
}

#[on_connect]
async fn offers(one: Protocols, two: Extensions) -> Result<(), Refuse> {
    got((
        one.iter().collect::<Vec<_>>(),
        two.iter().collect::<Vec<_>>(),
    ))
}
#[on_connect]
async fn offered(one: Option<Protocols>, two: Option<Extensions>) -> Result<(), Refuse> {
    got((one.map(|one| one.as_str().to_owned()), two.is_some()))
}
#[on_connect]
async fn heads(headers: Headers) -> Result<(), Refuse> {
    got((headers.get("Origin"), headers.iter().count()))
}
#[on_connect]
async fn no_heads(headers: Option<Headers>) -> Result<(), Refuse> {
    got(headers.is_some())
}
#[derive(Debug, Deserialize)]
struct Ticket {
    token: String,
    #[serde(default)]
    seat: u8,
}
#[on_connect]
async fn query(Query(ticket): Query<Ticket>) -> Result<(), Refuse> {
    got((ticket.token, ticket.seat))
}
#[derive(Debug, Deserialize)]
struct Seats {
    #[serde(default)]
    seat: Vec<u8>,
    name: Option<String>,
}
#[on_connect]
async fn seats(asked: Result<Query<Seats>, Rejection>) -> Result<(), Refuse> {
    match asked {
        Ok(Query(asked)) => got((asked.seat, asked.name)),
        Err(rejection) => got((rejection.is_absent(), rejection.to_string())),
    }
}
#[on_connect]
async fn all_pairs(Query(pairs): Query<BTreeMap<String, Vec<String>>>) -> Result<(), Refuse> {
    got(pairs)
}
#[on_connect]
async fn no_query(ticket: Option<Query<Ticket>>) -> Result<(), Refuse> {
    got(ticket.map(|ticket| ticket.0.token))
}
#[on_connect]
async fn addr(addr: ClientAddr) -> Result<(), Refuse> {
    got(addr.0)
}
#[on_connect]
async fn no_addr(addr: Option<ClientAddr>) -> Result<(), Refuse> {
    got(addr.is_some())
}
#[on_connect]
async fn around(about: RequestContext<'_>) -> Result<(), Refuse> {
    got((about.service_name, about.stage))
}

#[tokio::test]
async fn the_offers_of_a_handshake() {
    let both = r#","secWebSocketProtocol":"a, b,,c","secWebSocketExtensions":"x; y=1, z""#;
    let empty = r#","secWebSocketProtocol":"","secWebSocketExtensions":"""#;
    says!(offers:
        connect(both, "{}") => GOT, r#"(["a", "b", "c"], ["x; y=1", "z"])"#;
        connect(empty, "{}") => GOT, "([], [])";
        connect("", "{}") => GOT, "([], [])";
    );
    says!(offered:
        connect(both, "{}") => GOT, r#"(Some("a, b,,c"), true)"#;
        connect(empty, "{}") => GOT, r#"(Some(""), true)"#;
        connect("", "{}") => GOT, "(None, false)";
    );
}

#[tokio::test]
async fn what_the_gateway_knows_of_a_client() {
    says!(heads:
        connect("", r#"{"headers":{"origin":"o","Host":"h"}}"#) => GOT, r#"(Some("o"), 2)"#;
        connect("", "{}") => GOT, "(None, 0)";
        connect("", r#"{"headers":7}"#) => 1003, "request rejected";
    );
    says!(no_heads:
        connect("", "{}") => GOT, "false";
        connect("", r#"{"headers":{"a":"b"}}"#) => GOT, "true";
        connect("", r#"{"headers":7}"#) => 1003, "request rejected";
    );
    says!(query:
        connect("", r#"{"queryString":"token=a+b%21&seat=7&more=x"}"#) => GOT, r#"("a b!", 7)"#;
        connect("", r#"{"queryString":"token=a&seat=x"}"#) => 1003, "request rejected";
        connect("", "{}") => 1003, "request rejected";
    );
    says!(no_query:
        connect("", "{}") => GOT, "None";
        connect("", r#"{"queryString":""}"#) => GOT, "None";
        connect("", r#"{"queryString":"token=a"}"#) => GOT, r#"Some("a")"#;
        connect("", r#"{"queryString":"seat=1"}"#) => 1003, "request rejected";
    );
    says!(addr:
        connect("", r#"{"sourceIp":"10.0.2.14"}"#) => GOT, "10.0.2.14";
        connect("", r#"{"sourceIp":"::1"}"#) => GOT, "::1";
        connect("", "{}") => 1003, "request rejected";
    );
    says!(no_addr:
        connect("", "{}") => GOT, "false";
        connect("", r#"{"sourceIp":"nowhere"}"#) => 1003, "request rejected";
    );
    says!(around:
        connect("", r#"{"serviceId":"s","stage":"prod","future":{}}"#) => GOT, r#"(Some("s"), Some("prod"))"#;
        connect("", "{}") => GOT, "(None, None)";
    );
}

#[tokio::test]
async fn a_query_string_as_browsers_write_it() {
    let asked = |text: &str| {
        let text = serde_json::to_string(text).expect("a string");
        connect("", &format!(r#"{{"queryString":{text}}}"#))
    };
    says!(seats:
        asked("") => GOT, "([], None)";
        asked("seat=7") => GOT, "([7], None)";
        asked("seat=7&name=a&seat=8") => GOT, r#"([7, 8], Some("a"))"#;
        asked("name=a+b&seat=%37") => GOT, r#"([7], Some("a b"))"#;
        asked("name=%2B%26%3D%25") => GOT, r#"([], Some("+&=%"))"#;
        asked("name=h%C3%A4") => GOT, r#"([], Some("hä"))"#;
        // Not UTF-8, and no escape at all: browsers and the URL standard let both pass.
        asked("name=%FF%zz%") => GOT, "([], Some(\"\u{fffd}%zz%\"))";
        asked("name") => GOT, r#"([], Some(""))"#;
        asked("&&name=a&=&") => GOT, r#"([], Some("a"))"#;
        asked("seat=x") => GOT, r#"(false, "query string: seat: expected a whole number from 0 to 255, got \"x\"")"#;
        asked("seat=7&seat=300") => GOT, r#"(false, "query string: seat[1]: expected a whole number from 0 to 255, got 300")"#;
        asked("name=a&name=b") => GOT, r#"(false, "query string: name: expected a string, got an array")"#;
    );
    says!(all_pairs:
        asked("b=1&a=2&b=3") => GOT, r#"{"a": ["2"], "b": ["1", "3"]}"#;
    );
}

#[on_close]
async fn why(reason: CloseReason) -> Result<(), Refuse> {
    got((reason.code, reason.reason))
}
#[on_close]
async fn perhaps(reason: Option<CloseReason>) -> Result<(), Refuse> {
    got(reason.map(|reason| reason.code))
}

#[tokio::test]
async fn why_a_connection_ended() {
    says!(why:
        close(r#","code":"1001","reason":"bye""#) => GOT, r#"(Some(1001), Some("bye"))"#;
        close(r#","code":1001"#) => GOT, "(Some(1001), None)";
        close("") => GOT, "(None, None)";
        close(r#","code":{},"reason":7"#) => GOT, "(None, None)";
    );
    says!(perhaps:
        close("") => GOT, "None";
        close(r#","code":"1001""#) => GOT, "Some(Some(1001))";
    );
}

#[on_message]
async fn all_have(
    id: &ConnectionId,
    mine: ConnectionId,
    about: &Context,
    raw: RawEvent,
) -> Result<(), Refuse> {
    got((id == &mine, &*about.request_id, raw.as_str().len()))
}

#[tokio::test]
async fn what_every_event_has() {
    let mut context = context();
    context.request_id = "r1".into();
    let event = text("x");
    let answer = all_have::main_handler(&event, &context).await;
    assert_eq!(read(&answer).1, format!(r#"(true, "r1", {})"#, event.len()));
}

struct Db(&'static str);
impl State for Db {
    async fn init() -> wsfn::Result<Self> {
        Ok(Self("made"))
    }
}
/// Asks for a state, and is made in any event.
#[derive(Debug)]
#[expect(dead_code, reason = "shown")]
struct User(&'static str, usize);
impl<'e, E: Slot> FromEvent<'e, E> for User {
    fn setup(setup: &mut wsfn::Setup) {
        setup.state::<Db>();
    }
    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        let db: &Db = event.state().await?;
        tokio::task::yield_now().await;
        Ok(Self(db.0, event.connection_id().as_str().len()))
    }
}
/// Borrows from the event, and knows messages only.
#[derive(Debug)]
#[expect(dead_code, reason = "shown")]
struct Word<'e>(&'e str);
impl<'e> FromEvent<'e, OnMessage> for Word<'e> {
    async fn from_event(event: &'e Event<OnMessage>) -> Result<Self, Rejection> {
        match event.body() {
            Body::Text("") => Err(Rejection::absent("word: missing")),
            Body::Text(text) if text.contains(' ') => Err(Rejection::new("word: two")),
            Body::Text(text) => Ok(Self(text)),
            Body::Binary(_) => Err(Rejection::new("word: binary")),
        }
    }
}
/// Wraps another one.
#[derive(Debug)]
struct Wrapped<T>(T);
impl<'e, E: HasBody<Json<T>>, T: Deserialize<'e> + Send + 'e> FromEvent<'e, E> for Wrapped<T> {
    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        let Json(value) = Json::from_event(event).await?;
        Ok(Self(value))
    }
}
#[on_message]
async fn own(user: User, word: Option<Word<'_>>) -> Result<(), Refuse> {
    got((user, word))
}
#[on_message]
async fn wraps(wrapped: Wrapped<Line<'_>>) -> Result<(), Refuse> {
    got(wrapped.0.room)
}

#[tokio::test]
async fn extractors_of_one_s_own() {
    says!(own:
        text("hi") => GOT, r#"(User("made", 3), Some(Word("hi")))"#;
        text("") => GOT, r#"(User("made", 3), None)"#;
        text("a b") => 1003, "word: two";
        message("binary", "") => 1003, "word: binary";
    );
    says!(wraps: text(r#"{"room":"r","text":""}"#) => GOT, r#""r""#;);
}

#[on_message]
async fn ordered(_first: Json<u8>, _second: Touched) {}
struct Touched;
static TOUCHED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
impl<'e, E: Slot> FromEvent<'e, E> for Touched {
    async fn from_event(_: &'e Event<E>) -> Result<Self, Rejection> {
        TOUCHED.store(true, std::sync::atomic::Ordering::SeqCst);
        Ok(Self)
    }
}

#[tokio::test]
async fn nothing_of_a_later_argument_runs_before_an_earlier_one_succeeded() {
    let answer = ordered::main_handler(&text("x"), &context()).await;
    assert_eq!(read(&answer).0, 1003);
    assert!(!TOUCHED.load(std::sync::atomic::Ordering::SeqCst));
    let answer = ordered::main_handler(&text("7"), &context()).await;
    assert_eq!(read(&answer).0, 0);
    assert!(TOUCHED.load(std::sync::atomic::Ordering::SeqCst));
}
