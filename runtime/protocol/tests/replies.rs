//! Replies and pushes: the documented texts, the shapes of our own gateway, and any text at all.

mod json;

use json::json;
use proptest::prelude::*;
use wsfn_protocol::{
    Answer, Audience, Data, ErrNo, Failed, Payload, Reply, ReplyPush, ReplySocket, Request,
    SessionValue,
};

fn read(text: &str) -> Reply<'_> {
    Reply::parse(text).expect(text)
}

#[test]
fn the_documented_register_reply() {
    let text = r#"{"errNo":0,"errMsg":"ok","websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketProtocol":"chat","secWebSocketExtensions":""}}"#;
    let reply = Reply {
        websocket: Some(ReplySocket {
            connection_id: "x==".into(),
            protocols: Some("chat".into()),
            extensions: true,
        }),
        ..Reply::ok()
    };
    assert_eq!(read(text), reply);
    assert_eq!(reply.to_json(), text);
}

#[test]
fn a_function_may_echo_the_whole_offer() {
    let socket = |protocols: &'static str| ReplySocket {
        connection_id: "x".into(),
        protocols: Some(protocols.into()),
        extensions: false,
    };
    assert_eq!(socket("chat, binary").protocol(), Some("chat"));
    assert_eq!(socket("").protocol(), None);
    assert_eq!(socket(" , x").protocol(), None);
}

#[test]
fn a_reply_needs_a_readable_err_no() {
    for (text, expected) in [
        (
            "",
            "not a reply: EOF while parsing a value at line 1 column 0",
        ),
        ("{}", "not a reply: errNo: missing field"),
        (
            r#"{"errNo":"no"}"#,
            "not a reply: errNo: expected an integer, found another string",
        ),
        (
            r#"{"errNo":0.5}"#,
            "not a reply: errNo: expected an integer, found a number",
        ),
        (
            r#"{"errNo":0,"wsfn":{"push":[{"websocket":{"action":"join"}}]}}"#,
            "not a reply: wsfn.push: websocket.action: expected `data send` or `closing`, found `join`",
        ),
    ] {
        assert_eq!(
            Reply::parse(text).expect_err(text).to_string(),
            expected,
            "{text}"
        );
    }
    assert_eq!(read(r#"{"errNo":4001}"#).err_no, ErrNo(4001));
}

#[test]
fn the_reply_to_a_message_means_nothing_but_its_pushes() {
    let none = |text| assert_eq!(Reply::parse_pushes(text).expect(text), [], "{text}");
    none("");
    none("ok");
    none("null");
    none(
        r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"text","data":"y"}}"#,
    );
    none(r#"{"errNo":"what"}"#);
    let text = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"x"}},{"websocket":{"action":"data send","dataType":"text","data":"y","compress":false}},{"websocket":{"action":"closing","code":4000}}]}}"#;
    let pushes = vec![
        ReplyPush::Send(Data::Text("x".into()).into()),
        ReplyPush::Send(Payload::plain(Data::Text("y".into()))),
        ReplyPush::Close {
            code: Some(4000),
            reason: None,
        },
    ];
    assert_eq!(Reply::parse_pushes(text).expect(text), pushes);
    assert_eq!(
        Reply {
            pushes,
            ..Reply::ok()
        }
        .to_json(),
        text
    );
}

#[test]
fn a_connect_may_say_that_messages_need_no_order() {
    let text = r#"{"errNo":0,"errMsg":"ok","wsfn":{"unordered":true}}"#;
    let reply = Reply {
        unordered: true,
        ..Reply::ok()
    };
    assert_eq!(reply.to_json(), text);
    assert_eq!(read(text), reply);
    // In the answer to a message it means nothing.
    assert_eq!(Reply::parse_pushes(text), Ok(Vec::new()));
    for ordered in ["{}", r#"{"unordered":false}"#, r#"{"unordered":null}"#] {
        let text = format!(r#"{{"errNo":0,"errMsg":"ok","wsfn":{ordered}}}"#);
        assert_eq!(read(&text), Reply::ok(), "{text}");
    }
    let wrong = r#"{"errNo":0,"wsfn":{"unordered":"yes"}}"#;
    assert!(Reply::parse(wrong).is_err());
}

#[test]
fn every_request_is_written_as_the_protocol_says() {
    let text = || Data::Text("hi".into());
    let cases: [(Request<'_>, &str); 15] = [
        (
            Request::Send {
                to: "x".into(),
                data: text().into(),
            },
            r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"text","data":"hi"}}"#,
        ),
        (
            Request::Send {
                to: "x".into(),
                data: Data::Binary(vec![255].into()).into(),
            },
            r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"binary","data":"/w=="}}"#,
        ),
        (
            Request::Send {
                to: "x".into(),
                data: Payload::plain(text()),
            },
            r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"text","data":"hi","compress":false}}"#,
        ),
        (
            Request::SendMany {
                to: vec!["x".into(), "y".into()],
                data: text().into(),
            },
            r#"{"websocket":{"action":"data send","secConnectionIDs":["x","y"],"dataType":"text","data":"hi"}}"#,
        ),
        (
            Request::Close {
                to: "x".into(),
                code: None,
                reason: None,
            },
            r#"{"websocket":{"action":"closing","secConnectionID":"x"}}"#,
        ),
        (
            Request::Close {
                to: "x".into(),
                code: Some(4000),
                reason: Some("bye".into()),
            },
            r#"{"websocket":{"action":"closing","secConnectionID":"x","code":4000,"reason":"bye"}}"#,
        ),
        (
            Request::Join {
                id: "x".into(),
                room: "r".into(),
            },
            r#"{"websocket":{"action":"join","secConnectionID":"x","room":"r"}}"#,
        ),
        (
            Request::Leave {
                id: "x".into(),
                room: None,
            },
            r#"{"websocket":{"action":"leave","secConnectionID":"x"}}"#,
        ),
        (
            Request::Broadcast {
                to: Audience::Everyone,
                except: vec![],
                data: text().into(),
            },
            r#"{"websocket":{"action":"broadcast","dataType":"text","data":"hi"}}"#,
        ),
        (
            Request::Broadcast {
                to: Audience::Rooms(vec!["r".into()]),
                except: vec!["x".into()],
                data: text().into(),
            },
            r#"{"websocket":{"action":"broadcast","room":"r","except":["x"],"dataType":"text","data":"hi"}}"#,
        ),
        (
            Request::Broadcast {
                to: Audience::Rooms(vec![]),
                except: vec![],
                data: text().into(),
            },
            r#"{"websocket":{"action":"broadcast","rooms":[],"dataType":"text","data":"hi"}}"#,
        ),
        (
            Request::Members {
                room: "r".into(),
                after: Some("n".into()),
                limit: Some(10),
                with_session: true,
            },
            r#"{"websocket":{"action":"members","room":"r","after":"n","limit":10,"with":"session"}}"#,
        ),
        (
            Request::Rooms { id: "x".into() },
            r#"{"websocket":{"action":"rooms","secConnectionID":"x"}}"#,
        ),
        (
            Request::Alive {
                ids: vec!["x".into()],
            },
            r#"{"websocket":{"action":"alive","secConnectionIDs":["x"]}}"#,
        ),
        (
            Request::Session {
                id: "x".into(),
                set: Some(r#"{"a":1}"#.into()),
                version: Some(3),
            },
            r#"{"websocket":{"action":"session","secConnectionID":"x","set":{"a":1},"version":3}}"#,
        ),
    ];
    for (request, text) in cases {
        assert_eq!(request.to_json(), text);
        assert_eq!(Request::parse(text).expect(text), request);
    }
}

#[test]
fn what_is_no_push_says_where_and_why() {
    let long = format!(
        r#"{{"websocket":{{"action":"closing","secConnectionID":"x","reason":"{}"}}}}"#,
        "é".repeat(62)
    );
    for (text, expected) in [
        ("{}", "websocket: missing field"),
        (
            r#"{"websocket":{"action":"shout"}}"#,
            "websocket.action: unknown action `shout`; known are data send, closing, join, leave, broadcast, members, rooms, alive, session",
        ),
        (
            r#"{"websocket":{"action":"data send","dataType":"text","data":"y"}}"#,
            "websocket.secConnectionID: missing field",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"x","secConnectionIDs":[],"dataType":"text","data":"y"}}"#,
            "websocket.secConnectionID and websocket.secConnectionIDs: give one of them",
        ),
        (
            r#"{"websocket":{"action":"closing","secConnectionID":"x","code":1006}}"#,
            "websocket.code: expected a close code that may be sent (1000-1003, 1007-1014, 3000-4999), found 1006",
        ),
        (
            r#"{"websocket":{"action":"join","secConnectionID":"x","room":""}}"#,
            "websocket.room: expected a name, found an empty string",
        ),
        (
            r#"{"websocket":{"action":"broadcast","room":"a","rooms":[],"dataType":"text","data":""}}"#,
            "websocket.room and websocket.rooms: give one of them",
        ),
        (
            &long,
            "websocket.reason: expected at most 123 bytes, found 124",
        ),
    ] {
        assert_eq!(
            Request::parse(text).expect_err(text).to_string(),
            format!("not a push: {expected}"),
            "{text}"
        );
    }
}

#[test]
fn answers_are_read_back() {
    let answer = Answer {
        delivered: Some(2),
        failed: Some(vec![Failed {
            id: "x".into(),
            err_no: 1103,
        }]),
        ..Answer::ok()
    };
    let text = r#"{"errNo":0,"errMsg":"ok","delivered":2,"failed":[{"secConnectionID":"x","errNo":1103}]}"#;
    assert_eq!(answer.to_json(), text);
    let read = Answer::parse(text.as_bytes()).expect(text);
    assert_eq!(
        (read.delivered, read.failed),
        (answer.delivered, answer.failed)
    );
    let text = r#"{"errNo":0,"errMsg":"ok","value":{"a":1},"version":2}"#;
    let read = Answer::parse(text.as_bytes()).expect(text);
    assert_eq!(
        read.value.as_ref().map(|value| value.get()),
        Some(r#"{"a":1}"#)
    );
    assert_eq!(read.to_json(), text);
    assert!(Answer::parse(b"").is_none());
    assert!(Answer::parse(b"<html>").is_none());
}

fn maybe<T: std::fmt::Debug>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

/// As many bytes as a reason may have.
fn reason() -> impl Strategy<Value = Option<String>> {
    maybe(".{0,30}")
}

fn code() -> impl Strategy<Value = Option<u16>> {
    maybe(prop_oneof![1000u16..=1003, 3000u16..=4999])
}

fn reply_push() -> impl Strategy<Value = ReplyPush<'static>> {
    prop_oneof![
        any::<String>().prop_map(|text| ReplyPush::Send(Data::Text(text.into()).into())),
        any::<Vec<u8>>()
            .prop_map(|bytes| ReplyPush::Send(Payload::plain(Data::Binary(bytes.into())))),
        (code(), reason()).prop_map(|(code, reason)| ReplyPush::Close {
            code,
            reason: reason.map(Into::into)
        }),
    ]
}

fn reply_socket() -> impl Strategy<Value = ReplySocket<'static>> {
    (".+", any::<Option<String>>(), any::<bool>()).prop_map(|(id, protocols, extensions)| {
        ReplySocket {
            connection_id: id.into(),
            protocols: protocols.map(Into::into),
            extensions,
        }
    })
}

/// JSON as it is written, so that it can be compared as a text.
fn value() -> impl Strategy<Value = Box<serde_json::value::RawValue>> {
    any::<String>().prop_map(|text| serde_json::value::to_raw_value(&[text]).expect("a text"))
}

fn answer() -> impl Strategy<Value = Answer> {
    let number = || maybe(any::<u32>().prop_map(|number| number as usize));
    let ids = || maybe(proptest::collection::vec(any::<String>(), 0..4));
    let failed = (any::<String>(), any::<i64>()).prop_map(|(id, err_no)| Failed { id, err_no });
    let session =
        (value(), any::<u64>()).prop_map(|(value, version)| SessionValue { value, version });
    let first = (any::<i64>(), any::<String>(), number(), number());
    let lists = (
        maybe(proptest::collection::vec(failed, 0..3)),
        ids(),
        ids(),
        ids(),
    );
    let session = maybe(proptest::collection::btree_map(
        any::<String>(),
        session,
        0..3,
    ));
    let rest = (any::<Option<String>>(), session, maybe(value()));
    (first, lists, rest, any::<Option<u64>>()).prop_map(
        |(
            (err_no, err_msg, delivered, count),
            (failed, members, rooms, alive),
            (next, sessions, value),
            version,
        )| Answer {
            err_no,
            err_msg,
            delivered,
            failed,
            members,
            count,
            next,
            sessions,
            rooms,
            alive,
            value,
            version,
        },
    )
}

proptest! {
    #[test]
    fn a_request_survives_the_wire(
        id in ".+", ids in proptest::collection::vec(".*", 0..4), room in ".+", text in any::<String>(),
        code in code(), reason in reason(), limit in any::<Option<u32>>(), version in any::<Option<u32>>(), with_session in any::<bool>(),
    ) {
        let ids: Vec<std::borrow::Cow<'_, str>> = ids.into_iter().map(Into::into).collect();
        let set = serde_json::to_string(&text).expect("a text");
        let version = version.map(u64::from);
        for request in [
            Request::Send { to: id.as_str().into(), data: Data::Text(text.as_str().into()).into() },
            Request::SendMany { to: ids.clone(), data: Payload::plain(Data::Binary(text.as_bytes().into())) },
            Request::Close { to: id.as_str().into(), code, reason: reason.map(Into::into) },
            Request::Join { id: id.as_str().into(), room: room.as_str().into() },
            Request::Leave { id: id.as_str().into(), room: None },
            Request::Leave { id: id.as_str().into(), room: Some(room.as_str().into()) },
            Request::Broadcast { to: Audience::Everyone, except: ids.clone(), data: Data::Text(text.as_str().into()).into() },
            Request::Broadcast { to: Audience::Rooms(vec![room.as_str().into()]), except: ids.clone(), data: Data::Text(text.as_str().into()).into() },
            Request::Broadcast { to: Audience::Rooms(vec![room.as_str().into(), id.as_str().into()]), except: vec![], data: Data::Text(text.as_str().into()).into() },
            Request::Members { room: room.as_str().into(), after: Some(text.as_str().into()), limit: limit.map(|limit| limit as usize), with_session },
            Request::Rooms { id: id.as_str().into() },
            Request::Alive { ids },
            Request::Session { id: id.as_str().into(), set: None, version },
            Request::Session { id: id.as_str().into(), set: Some(set.into()), version },
        ] {
            let json = request.to_json();
            prop_assert_eq!(Request::parse(&json).expect(&json), request);
        }
    }

    #[test]
    fn a_reply_survives_the_wire(
        err_no in any::<i64>(), err_msg in any::<String>(), websocket in maybe(reply_socket()),
        pushes in proptest::collection::vec(reply_push(), 0..4), unordered in any::<bool>(),
    ) {
        let reply = Reply { websocket, pushes, unordered, ..Reply::error(ErrNo(err_no), &err_msg) };
        let json = reply.to_json();
        prop_assert_eq!(Reply::parse(&json).expect(&json), reply.clone());
        prop_assert_eq!(Reply::parse_pushes(&json).expect(&json), reply.pushes);
    }

    #[test]
    fn an_answer_survives_the_wire(answer in answer()) {
        let json = answer.to_json();
        let read = Answer::parse(json.as_bytes()).expect(&json);
        // It holds JSON as it came, which cannot be compared: field by field as a text then.
        prop_assert_eq!(format!("{read:?}"), format!("{answer:?}"));
    }

    #[test]
    fn no_text_panics(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let _ = Request::parse(&text);
        let _ = Reply::parse(&text);
        let _ = Reply::parse_pushes(&text);
        let _ = Answer::parse(&bytes);
    }

    #[test]
    fn no_json_panics(text in json()) {
        if let Err(error) = Request::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
        if let Err(error) = Reply::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
        let _ = Reply::parse_pushes(&text);
        let _ = Answer::parse(text.as_bytes());
    }
}
