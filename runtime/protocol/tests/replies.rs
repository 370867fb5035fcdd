//! Replies and pushes: the documented texts, the shapes of our own gateway, and any text at all.

use proptest::prelude::*;
use wsfn_protocol::{
    Answer, Audience, Data, ErrNo, Failed, Payload, Reply, ReplyPush, ReplySocket, Request,
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

proptest! {
    #[test]
    fn a_request_survives_the_wire(
        id in ".+", ids in proptest::collection::vec(".*", 0..4), room in ".+", text in any::<String>(),
        code in prop_oneof![1000u16..=1003, 3000u16..=4999], limit in any::<u32>(),
    ) {
        let ids: Vec<std::borrow::Cow<'_, str>> = ids.into_iter().map(Into::into).collect();
        for request in [
            Request::Send { to: id.as_str().into(), data: Data::Text(text.as_str().into()).into() },
            Request::SendMany { to: ids.clone(), data: Payload::plain(Data::Binary(text.as_bytes().into())) },
            Request::Close { to: id.as_str().into(), code: Some(code), reason: None },
            Request::Broadcast { to: Audience::Rooms(vec![room.as_str().into()]), except: ids.clone(), data: Data::Text(text.as_str().into()).into() },
            Request::Members { room: room.as_str().into(), after: Some(text.as_str().into()), limit: Some(limit as usize), with_session: false },
            Request::Alive { ids },
        ] {
            let json = request.to_json();
            prop_assert_eq!(Request::parse(&json).expect(&json), request);
        }
    }

    #[test]
    fn a_reply_survives_the_wire(err_no in any::<i64>(), err_msg in any::<String>(), text in any::<String>()) {
        let reply = Reply { pushes: vec![ReplyPush::Send(Data::Text(text.into()).into())], ..Reply::error(ErrNo(err_no), &err_msg) };
        let json = reply.to_json();
        prop_assert_eq!(Reply::parse(&json).expect(&json), reply.clone());
        prop_assert_eq!(Reply::parse_pushes(&json).expect(&json), reply.pushes);
    }

    #[test]
    fn no_text_panics(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        let _ = Request::parse(&text);
        let _ = Reply::parse(&text);
        let _ = Reply::parse_pushes(&text);
        let _ = Answer::parse(&bytes);
    }
}
