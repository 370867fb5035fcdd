//! Events: the documented ones to the letter, the rules between them, and any text at all.

mod json;

use json::json;
use proptest::prelude::*;
use wsfn_protocol::{
    CloseEvent, ConnectEvent, Data, ErrNo, Event, Identity, Kind, MessageEvent, RequestContext,
    samples,
};

const REGISTER: &str = samples::event::CONNECT;
const TRANSFER: &str = samples::event::MESSAGE_TEXT;
const TRANSFER_BINARY: &str = samples::event::MESSAGE_BINARY;
const TRANSFER_OLD: &str = samples::event::MESSAGE_TEXT_OLD;
const CLEANUP: &str = samples::event::CLOSE;
const CLEANUP_OURS: &str = samples::event::CLOSE_CODE;

fn refusal(text: &str, only: Option<Kind>) -> (ErrNo, String) {
    let error = Event::parse(text, only).expect_err(text);
    (error.err_no(), error.to_string())
}

#[test]
fn register_is_read_in_full() {
    let Ok(Event::Connect(event)) = Event::parse(REGISTER, None) else {
        panic!("{REGISTER}")
    };
    assert_eq!(event.connection_id, "xawexasdfewezdfsdfeasdfffa==");
    assert_eq!(event.protocols.as_deref(), Some("chat,binary"));
    assert_eq!(event.extensions.as_deref(), Some("extension1,extension2"));
    let context = event.request_context().expect("the context of the sample");
    assert_eq!(
        context,
        RequestContext {
            service_name: Some("testsvc".into()),
            path: Some("/test/{testvar}".into()),
            http_method: Some("GET".into()),
            request_id: Some("c6af9ac6-7b61-11e6-9a41-93e8deadbeef".into()),
            identity: Identity {
                secret_id: Some("abdcdxxxxxxxsdfs".into())
            },
            source_ip: Some("10.0.2.14".into()),
            stage: Some("prod".into()),
            websocket_enable: Some(true),
            ..RequestContext::default()
        }
    );
}

#[test]
fn what_a_gateway_writes_is_the_documented_text() {
    for text in [REGISTER, TRANSFER, TRANSFER_BINARY, CLEANUP, CLEANUP_OURS] {
        assert_eq!(Event::parse(text, None).expect(text).to_json(), text);
    }
    let Ok(Event::Connect(read)) = Event::parse(REGISTER, None) else {
        panic!("{REGISTER}")
    };
    let context = read.request_context().expect("the context of the sample");
    let mut made = ConnectEvent::new("xawexasdfewezdfsdfeasdfffa==", &context);
    made.protocols = read.protocols.clone();
    made.extensions = read.extensions.clone();
    assert_eq!(Event::Connect(made).to_json(), REGISTER);
}

#[test]
fn text_without_escapes_is_borrowed() {
    let Ok(Event::Message(event)) = Event::parse(TRANSFER, None) else {
        panic!("{TRANSFER}")
    };
    assert!(matches!(event.connection_id, std::borrow::Cow::Borrowed(_)));
    assert!(matches!(
        event.data,
        Data::Text(std::borrow::Cow::Borrowed("xxx"))
    ));
}

#[test]
fn old_gateways_say_data_recv() {
    let Ok(Event::Message(event)) = Event::parse(TRANSFER_OLD, None) else {
        panic!("{TRANSFER_OLD}")
    };
    assert_eq!(event.data, Data::Text("xxx".into()));
}

#[test]
fn an_unknown_action_with_a_message_is_a_message() {
    let with = |action: &str, rest: &str| {
        format!(r#"{{"websocket":{{"action":"{action}","secConnectionID":"x"{rest}}}}}"#)
    };
    let text = with("data", r#","dataType":"text","data":"hi""#);
    assert_eq!(
        Event::parse(&text, None).expect(&text).kind(),
        Kind::Message
    );
    assert_eq!(
        refusal(&with("subscribe", ""), None),
        (
            ErrNo::NO_HANDLER,
            "websocket.action: expected `connecting`, `data send` or `closing`, found `subscribe`"
                .into()
        )
    );
    assert_eq!(
        refusal(&with("subscribe", r#","data":"hi""#), None).0,
        ErrNo::NO_HANDLER
    );
}

#[test]
fn base64_is_read_padded_and_unpadded() {
    for data in ["AAEC/w==", "AAEC/w"] {
        let text = TRANSFER_BINARY.replace("AAEC/w==", data);
        let Ok(Event::Message(event)) = Event::parse(&text, None) else {
            panic!("{text}")
        };
        assert_eq!(event.data, Data::Binary(vec![0, 1, 2, 255].into()));
    }
    let text = TRANSFER_BINARY.replace("AAEC/w==", "AA-C");
    assert_eq!(
        refusal(&text, None),
        (
            ErrNo::BAD_EVENT,
            "websocket.data: expected base64: invalid symbol 45, offset 2".into()
        )
    );
}

#[test]
fn service_id_is_the_other_name_of_service_name() {
    let text = REGISTER.replace("serviceName", "serviceId");
    let Ok(Event::Connect(event)) = Event::parse(&text, None) else {
        panic!("{text}")
    };
    assert_eq!(
        event
            .request_context()
            .expect("a context")
            .service_name
            .as_deref(),
        Some("testsvc")
    );
}

#[test]
fn unknown_fields_and_surprises_that_nobody_reads_are_ignored() {
    let text = r#"{"new":[1],"websocket":{"action":"closing","secConnectionID":"x","code":{},"reason":7,"data":1}}"#;
    let Ok(Event::Close(event)) = Event::parse(text, None) else {
        panic!("{text}")
    };
    assert_eq!(
        event,
        CloseEvent {
            connection_id: "x".into(),
            code: None,
            reason: None
        }
    );
    let text = r#"{"requestContext":{"stage":7},"websocket":{"action":"connecting","secConnectionID":"x"}}"#;
    let Ok(Event::Connect(event)) = Event::parse(text, None) else {
        panic!("{text}")
    };
    let error = event
        .request_context()
        .expect_err("a stage that is a number");
    assert_eq!(
        error.to_string(),
        "requestContext: invalid type: integer `7`, expected a string"
    );
}

#[test]
fn a_close_code_is_a_string_or_a_number() {
    for code in ["1001", r#""1001""#] {
        let text = format!(
            r#"{{"websocket":{{"action":"closing","secConnectionID":"x","code":{code}}}}}"#
        );
        let Ok(Event::Close(event)) = Event::parse(&text, None) else {
            panic!("{text}")
        };
        assert_eq!(event.code, Some(1001));
    }
}

/// Document 583/31438: numbers, texts and order of the samples.
#[test]
fn codes_101_and_102_are_to_the_letter() {
    let no_context = (ErrNo(101), "not found request context".to_owned());
    let register = (ErrNo(102), "not found websocket".to_owned());
    let transfer = (ErrNo(102), "not found web socket".to_owned());
    let connect = r#"{"websocket":{"action":"connecting","secConnectionID":"x"}}"#;
    // Register is known by the action, or because the function serves nothing else.
    assert_eq!(refusal(connect, None), no_context);
    assert_eq!(refusal("{}", Some(Kind::Connect)), no_context);
    assert_eq!(
        refusal(r#"{"websocket":{}}"#, Some(Kind::Connect)),
        no_context
    );
    assert_eq!(
        refusal(r#"{"requestContext":{}}"#, Some(Kind::Connect)),
        register
    );
    assert_eq!(refusal(r#"{"requestContext":{}}"#, None), register);
    assert_eq!(refusal("{}", None), transfer);
    for only in [Kind::Message, Kind::Close] {
        assert_eq!(refusal("{}", Some(only)), transfer);
        assert_eq!(refusal(r#"{"requestContext":{}}"#, Some(only)), transfer);
        assert_eq!(refusal(r#"{"websocket":null}"#, Some(only)), transfer);
    }
    // A close needs no context, whoever gets it.
    assert!(Event::parse(CLEANUP, Some(Kind::Connect)).is_ok());
}

#[test]
fn what_cannot_be_read_says_where_and_what_was_expected() {
    let cases = [
        (
            "",
            "not an event: EOF while parsing a value at line 1 column 0",
        ),
        (
            r#"{"websocket":"#,
            "not an event: EOF while parsing a value at line 1 column 13",
        ),
        (
            "[1]",
            "not an event: invalid type: sequence, expected an event (a JSON object) at line 1 column 0",
        ),
        (
            r#"{"websocket":["connecting"]}"#,
            "not an event: invalid type: sequence, expected `websocket` (a JSON object) at line 1 column 13",
        ),
        (r#"{"websocket":{}}"#, "websocket.action: missing field"),
        (
            r#"{"websocket":{"action":5}}"#,
            "websocket.action: expected a string, found a number",
        ),
        (
            r#"{"websocket":{"action":"closing"}}"#,
            "websocket.secConnectionID: missing field",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"x","data":"y"}}"#,
            "websocket.dataType: missing field",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"text","data":{"a":1}}}"#,
            "websocket.data: expected a string, found an object",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"json","data":"y"}}"#,
            "websocket.dataType: expected `text` or `binary`, found `json`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(
            refusal(text, None),
            (ErrNo::BAD_EVENT, expected.to_owned()),
            "{text}"
        );
    }
}

fn data() -> impl Strategy<Value = Data<'static>> {
    prop_oneof![
        any::<String>().prop_map(|text| Data::Text(text.into())),
        any::<Vec<u8>>().prop_map(|bytes| Data::Binary(bytes.into())),
    ]
}

/// A context with any of its fields.
fn context() -> impl Strategy<Value = RequestContext<'static>> {
    let text = || any::<Option<String>>().prop_map(|text| text.map(Into::into));
    let texts = || {
        proptest::collection::btree_map(any::<String>(), any::<String>(), 0..4).prop_map(|map| {
            let entries = map.into_iter();
            entries
                .map(|(key, value)| (key.into(), value.into()))
                .collect()
        })
    };
    let first = (text(), text(), text(), text(), text());
    let rest = (text(), text(), any::<Option<bool>>(), text());
    (first, rest, texts(), texts()).prop_map(
        |(
            (service_name, path, http_method, request_id, secret_id),
            (source_ip, stage, websocket_enable, query_string),
            headers,
            path_parameters,
        )| RequestContext {
            service_name,
            path,
            http_method,
            request_id,
            identity: Identity { secret_id },
            source_ip,
            stage,
            websocket_enable,
            headers,
            query_string,
            path_parameters,
        },
    )
}

proptest! {
    #[test]
    fn a_message_survives_the_wire(id in ".+", data in data()) {
        let event = Event::Message(MessageEvent { connection_id: id.into(), data });
        let text = event.to_json();
        let Ok(Event::Message(read)) = Event::parse(&text, None) else { panic!("{text}") };
        let Event::Message(event) = event else { unreachable!() };
        prop_assert_eq!(read, event);
    }

    #[test]
    fn a_close_survives_the_wire(id in ".+", code in any::<Option<u16>>(), reason in any::<Option<String>>()) {
        let event = CloseEvent { connection_id: id.into(), code, reason: reason.map(Into::into) };
        let text = Event::Close(event.clone()).to_json();
        let Ok(Event::Close(read)) = Event::parse(&text, None) else { panic!("{text}") };
        prop_assert_eq!(read, event);
    }

    #[test]
    fn a_connect_survives_the_wire(
        id in ".+",
        protocols in any::<Option<String>>(),
        extensions in any::<Option<String>>(),
        context in context(),
    ) {
        let mut event = ConnectEvent::new(id, &context);
        event.protocols = protocols.map(Into::into);
        event.extensions = extensions.map(Into::into);
        let text = Event::Connect(event.clone()).to_json();
        let Ok(Event::Connect(read)) = Event::parse(&text, None) else { panic!("{text}") };
        prop_assert_eq!(&read.connection_id, &event.connection_id);
        prop_assert_eq!(&read.protocols, &event.protocols);
        prop_assert_eq!(&read.extensions, &event.extensions);
        prop_assert_eq!(read.request_context().expect("written by us"), context);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = Event::parse(&text, None);
    }

    #[test]
    fn no_json_panics(text in json(), only in prop_oneof![Just(None), Just(Some(Kind::Connect)), Just(Some(Kind::Message))]) {
        match Event::parse(&text, only) {
            Ok(Event::Connect(event)) => { let _ = event.request_context(); }
            Ok(_) => {}
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
