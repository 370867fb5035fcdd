//! The schemas say what the types write, and nothing that the types would not read.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use schemars::Schema;
use serde_json::Value;
use wsfn_protocol::samples::{self, Sample};
use wsfn_protocol::{
    Answer, Audience, CloseEvent, ConnectEvent, Data, ErrNo, Event, MessageEvent, Payload, Reply,
    ReplyPush, ReplySocket, Request, RequestContext, schema,
};

/// A schema, its file, and what it is about.
struct Subject {
    file: &'static str,
    text: &'static str,
    made: fn() -> Schema,
    samples: &'static [Sample],
    /// Whether our types read a text.
    reads: fn(&str) -> bool,
}

const SUBJECTS: [Subject; 4] = [
    Subject {
        file: "event",
        text: schema::EVENT,
        made: schema::event,
        samples: samples::event::ALL,
        reads: |text| match Event::parse(text, None) {
            Ok(Event::Connect(event)) => event.request_context().is_ok(),
            other => other.is_ok(),
        },
    },
    Subject {
        file: "reply",
        text: schema::REPLY,
        made: schema::reply,
        samples: samples::reply::ALL,
        reads: |text| Reply::parse(text).is_ok(),
    },
    Subject {
        file: "push",
        text: schema::PUSH,
        made: schema::push,
        samples: samples::push::ALL,
        reads: |text| Request::parse(text).is_ok(),
    },
    Subject {
        file: "answer",
        text: schema::ANSWER,
        made: schema::answer,
        samples: samples::answer::ALL,
        reads: |text| Answer::parse(text.as_bytes()).is_some(),
    },
];

static VALIDATORS: LazyLock<[Validator; 4]> = LazyLock::new(|| {
    SUBJECTS.map(|subject| {
        let schema = serde_json::from_str(subject.text).expect(subject.file);
        jsonschema::draft202012::meta::validate(&schema).expect(subject.file);
        jsonschema::draft202012::new(&schema).expect(subject.file)
    })
});

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

/// Whether the schema of events (0), replies (1), pushes (2) or answers (3) knows the text.
fn valid(subject: usize, text: &str) -> bool {
    VALIDATORS[subject].is_valid(&json(text))
}

/// Keys in order, whether or not some crate of the same build asks serde_json to keep them as they come.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: std::collections::BTreeMap<_, _> = map.into_iter().collect();
            Value::Object(
                map.into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[test]
fn the_files_are_made_from_the_types() {
    let mut stale = Vec::new();
    for subject in &SUBJECTS {
        let made = sorted((subject.made)().into());
        let made = serde_json::to_string_pretty(&made).expect("JSON") + "\n";
        if made != subject.text {
            stale.push(subject.file);
            if std::env::var_os("UPDATE_DOCS").is_some() {
                let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema");
                std::fs::write(format!("{folder}/{}.json", subject.file), made).expect("written");
            }
        }
    }
    assert!(
        stale.is_empty(),
        "runtime/protocol/schema is not that of the types ({stale:?}); run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn other_languages_can_read_the_descriptions() {
    for subject in &SUBJECTS {
        // Links into this crate's documentation, Rust's words, a comment's line breaks, an example.
        for word in ["[`", "`None`", "\\n", "```"] {
            assert!(!subject.text.contains(word), "{}: {word}", subject.file);
        }
    }
}

#[test]
fn the_samples_are_valid() {
    for (subject, validator) in SUBJECTS.iter().zip(&*VALIDATORS) {
        for sample in subject.samples {
            if let Err(error) = validator.validate(&json(sample.json)) {
                panic!("{}/{}: {error}", subject.file, sample.name);
            }
        }
    }
}

/// Every text that differs from a sample in one place: a value of another type, a key less.
fn changed(value: &Value) -> Vec<Value> {
    let mut all = vec![
        Value::Null,
        Value::from(true),
        Value::from(-1),
        Value::from(7),
        Value::from(1.5),
        Value::from("1000"),
        Value::from(""),
        Value::from("x"),
        Value::from(vec!["x"]),
        Value::Array(vec![Value::from(3)]),
        json("{}"),
    ];
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                let mut less = fields.clone();
                less.remove(key);
                all.push(less.into());
                for other in changed(field) {
                    let mut with = fields.clone();
                    with.insert(key.clone(), other);
                    all.push(with.into());
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                for other in changed(item) {
                    let mut with = items.clone();
                    with[at] = other;
                    all.push(with.into());
                }
            }
        }
        _ => {}
    }
    all
}

#[test]
fn what_is_valid_can_be_read() {
    let (mut kept, mut refused) = (0, 0);
    for (subject, validator) in SUBJECTS.iter().zip(&*VALIDATORS) {
        for sample in subject.samples {
            for value in changed(&json(sample.json)) {
                if validator.is_valid(&value) {
                    kept += 1;
                    let text = value.to_string();
                    assert!((subject.reads)(&text), "{}: {text}", subject.file);
                } else {
                    refused += 1;
                }
            }
        }
    }
    // The changes reach both answers, and far more often the one that means something.
    assert!(
        kept > 100 && refused > 1000,
        "{kept} kept, {refused} refused"
    );
}

#[test]
fn what_matters_is_required() {
    for (subject, text) in [
        (
            0,
            r#"{"websocket":{"action":"connecting","secConnectionID":"x"}}"#,
        ),
        (
            0,
            r#"{"websocket":{"action":"data send","secConnectionID":"x","data":"y"}}"#,
        ),
        (0, r#"{"websocket":{"action":"closing"}}"#),
        (
            0,
            r#"{"websocket":{"action":"shout","secConnectionID":"x"}}"#,
        ),
        (
            0,
            r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"binary","data":"A"}}"#,
        ),
        (1, r#"{"errMsg":"ok"}"#),
        (1, r#"{"errNo":"0","errMsg":"ok"}"#),
        (
            1,
            r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"join"}}]}}"#,
        ),
        (
            2,
            r#"{"websocket":{"action":"data send","dataType":"text","data":"y"}}"#,
        ),
        (
            2,
            r#"{"websocket":{"action":"closing","secConnectionID":"x","code":1006}}"#,
        ),
        (
            2,
            r#"{"websocket":{"action":"join","secConnectionID":"x","room":""}}"#,
        ),
        (
            2,
            r#"{"websocket":{"action":"broadcast","room":"a","rooms":[],"dataType":"text","data":""}}"#,
        ),
        (
            2,
            r#"{"websocket":{"action":"members","room":"a","with":"love"}}"#,
        ),
        (3, r#"{"errMsg":"ok"}"#),
        (3, r#"{"errNo":0,"errMsg":"ok","delivered":-1}"#),
    ] {
        assert!(
            !valid(subject, text),
            "{} knows {text}",
            SUBJECTS[subject].file
        );
    }
}

fn data() -> impl Strategy<Value = Data<'static>> {
    prop_oneof![
        any::<String>().prop_map(|text| Data::Text(text.into())),
        any::<Vec<u8>>().prop_map(|bytes| Data::Binary(bytes.into())),
    ]
}

fn close_code() -> impl Strategy<Value = Option<u16>> {
    let code = prop_oneof![1000u16..=1003, 1007u16..=1014, 3000u16..=4999];
    proptest::option::of(code)
}

proptest! {
    #[test]
    fn events_that_we_write_are_valid(
        id in ".*", data in data(), code in any::<Option<u16>>(), text in any::<Option<String>>(),
        headers in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3),
    ) {
        let context = RequestContext {
            stage: text.clone().map(Into::into),
            headers: headers.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
            ..RequestContext::default()
        };
        let mut connect = ConnectEvent::new(id.clone(), &context);
        connect.protocols = text.clone().map(Into::into);
        for event in [
            Event::Connect(connect),
            Event::Message(MessageEvent { connection_id: id.clone().into(), data }),
            Event::Close(CloseEvent { connection_id: id.into(), code, reason: text.map(Into::into) }),
        ] {
            prop_assert!(valid(0, &event.to_json()), "{}", event.to_json());
        }
    }

    #[test]
    fn replies_that_we_write_are_valid(
        err_no in any::<i64>(), id in ".*", data in data(), extensions in any::<bool>(),
        protocols in any::<Option<String>>(), code in close_code(), reason in proptest::option::of(".{0,30}"),
    ) {
        let reply = Reply {
            websocket: Some(ReplySocket { connection_id: id.into(), protocols: protocols.map(Into::into), extensions }),
            pushes: vec![ReplyPush::Send(data.into()), ReplyPush::Close { code, reason: reason.map(Into::into) }],
            ..Reply::error(ErrNo(err_no), "why")
        };
        prop_assert!(valid(1, &reply.to_json()), "{}", reply.to_json());
    }

    #[test]
    fn pushes_that_we_write_are_valid(
        id in ".*", ids in proptest::collection::vec(".*", 0..3), room in ".+", data in data(),
        code in close_code(), limit in proptest::option::of(any::<u32>()), version in proptest::option::of(0u64..1 << 60),
    ) {
        let (id, room) = (|| id.as_str().into(), || std::borrow::Cow::from(room.as_str()));
        let ids = || ids.iter().map(|id| id.as_str().into()).collect();
        for push in [
            Request::Send { to: id(), data: data.clone().into() },
            Request::SendMany { to: ids(), data: Payload::plain(data.clone()) },
            Request::Close { to: id(), code, reason: Some("bye".into()) },
            Request::Join { id: id(), room: room() },
            Request::Leave { id: id(), room: Some(room()) },
            Request::Leave { id: id(), room: None },
            Request::Broadcast { to: Audience::Everyone, except: ids(), data: data.clone().into() },
            Request::Broadcast { to: Audience::Rooms(vec![room()]), except: vec![], data: data.clone().into() },
            Request::Broadcast { to: Audience::Rooms(vec![room(), room()]), except: ids(), data: data.clone().into() },
            Request::Members { room: room(), after: Some(id()), limit: limit.map(|limit| limit as usize), with_session: true },
            Request::Rooms { id: id() },
            Request::Alive { ids: ids() },
            Request::Session { id: id(), set: Some("[null]".into()), version },
        ] {
            prop_assert!(valid(2, &push.to_json()), "{}", push.to_json());
        }
    }

    /// The pattern of base64 and our decoder agree on every text.
    #[test]
    fn base64_is_what_we_decode(data in "[A-Za-z0-9+/=_-]{0,9}") {
        let push = format!(r#"{{"websocket":{{"action":"data send","secConnectionID":"x","dataType":"binary","data":"{data}"}}}}"#);
        prop_assert_eq!(valid(2, &push), Request::parse(&push).is_ok(), "{}", data);
    }
}
