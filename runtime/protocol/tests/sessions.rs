//! What travels of a session with each event.

use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use wsfn_protocol::{Request, SessionValue};

fn session(json: &str, version: u64) -> SessionValue {
    SessionValue {
        value: RawValue::from_string(json.to_owned()).expect("JSON"),
        version,
    }
}

#[test]
fn a_header_is_ascii_in_one_line() {
    let pretty = session("{\r\n\t\"name\": \"Zoë \u{1f600}\u{7f}\"\n}", 3);
    let header = pretty.to_header();
    assert_eq!(
        header,
        "3 {   \"name\": \"Zo\\u00eb \\ud83d\\ude00\\u007f\" }"
    );
    let read = SessionValue::from_header(&header).expect("a session");
    let value: Value = serde_json::from_str(read.value.get()).expect("JSON");
    assert_eq!(value["name"], "Zoë \u{1f600}\u{7f}");
}

#[test]
fn what_is_too_large_for_a_header_has_to_be_asked_for() {
    let fits = SessionValue::HEADER_MAX - "1 \"\"".len();
    for (text, carried) in [
        ("x".repeat(fits), true),
        ("x".repeat(fits + 1), false),
        ("ë".repeat(fits / 6), true),
        ("ë".repeat(fits / 6 + 1), false),
        ("x".repeat(1 << 20), false),
    ] {
        let header = session(&format!("\"{text}\""), 1).to_header();
        assert!(header.len() <= SessionValue::HEADER_MAX);
        assert_eq!(header == "1", !carried, "{}", text.len());
        assert_eq!(SessionValue::from_header(&header).is_some(), carried);
    }
}

#[test]
fn none_is_known_to_be_none() {
    let none = SessionValue::from_header("0").expect("none");
    assert_eq!((none.version, none.value.get()), (0, "null"));
    // Cleared is not the same as never set: the next `set` names this version.
    let cleared = SessionValue::from_header("2 null").expect("cleared");
    assert_eq!((cleared.version, cleared.value.get()), (2, "null"));
}

#[test]
fn to_set_it_to_null_is_not_to_read_it() {
    for (set, expected) in [
        ("", None),
        (r#","set":null"#, Some("null")),
        (r#","set":{"a":null}"#, Some(r#"{"a":null}"#)),
    ] {
        let text =
            format!(r#"{{"websocket":{{"action":"session","secConnectionID":"x=="{set}}}}}"#);
        let request = Request::parse(&text).expect("a push");
        let Request::Session { set, .. } = &request else {
            panic!("{request:?}");
        };
        assert_eq!(set.as_deref(), expected);
        assert_eq!(request.to_json(), text);
    }
}

#[test]
fn what_is_no_such_header_says_nothing() {
    for wrong in [
        "",
        " ",
        "x",
        "7",
        "-1 1",
        "1 ",
        "1 {",
        "1 1 1",
        "x 1",
        "99999999999999999999 1",
    ] {
        assert!(SessionValue::from_header(wrong).is_none(), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn any_value_arrives_as_it_was(text in any::<String>(), number in any::<i64>(), version in 1..u64::MAX) {
        let value = serde_json::json!({ "text": text, "list": [number, null, text] });
        let header = session(&value.to_string(), version).to_header();
        prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", header);
        if let Some(read) = SessionValue::from_header(&header) {
            prop_assert_eq!(read.version, version);
            prop_assert_eq!(serde_json::from_str::<Value>(read.value.get()).unwrap(), value);
        } else {
            prop_assert_eq!(header, version.to_string());
        }
    }

    #[test]
    fn any_text_may_stand_there(text in any::<String>()) {
        let _ = SessionValue::from_header(&text);
    }
}
