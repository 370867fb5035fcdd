//! The HTTP request that a function URL makes an event of (583/96099).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use wsfn_protocol::Data;

/// A request whose body is our event.
pub(super) struct Envelope {
    pub(super) method: String,
    /// Without the query, of which only the values are left and not the text.
    pub(super) path: String,
    pub(super) has_query: bool,
    pub(super) headers: HeaderMap,
    /// The event; an error says why the body is no text.
    pub(super) event: Result<Arc<str>, String>,
}

/// As documented, but for `isBase64Encoded`: function URLs have no such field, and a body that came with it would be
/// read wrongly without.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    http_method: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow)]
    headers: BTreeMap<Cow<'a, str>, serde_json::Value>,
    #[serde(borrow, default)]
    path: Cow<'a, str>,
    #[serde(default)]
    query_string: serde_json::Value,
    #[serde(default, rename = "isBase64Encoded")]
    is_base64: bool,
    /// What every event of ours has, and no request.
    websocket: Option<IgnoredAny>,
}

impl Envelope {
    /// Opens one; `None` where the text is something else, an event of ours for one.
    pub(super) fn open(text: &str) -> Option<Self> {
        if begins_as_event(text) {
            return None;
        }
        let wire: Wire<'_> = serde_json::from_str(text).ok()?;
        if wire.websocket.is_some() {
            return None;
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &wire.headers {
            // What is no header is none of ours.
            if let (Ok(name), Some(Ok(value))) = (
                HeaderName::from_bytes(name.as_bytes()),
                value.as_str().map(HeaderValue::from_str),
            ) {
                headers.append(name, value);
            }
        }
        let event = if wire.is_base64 {
            decoded(&wire.body)
        } else {
            Ok(wire.body.into())
        };
        Some(Self {
            method: wire.http_method.into_owned(),
            path: wire.path.into_owned(),
            has_query: wire
                .query_string
                .as_object()
                .is_some_and(|map| !map.is_empty()),
            headers,
            event,
        })
    }
}

/// Whether it is an event of ours, at a glance: messages, which are most of them, are not read twice. In JSON whose
/// fields stand in another order it is found out by reading.
fn begins_as_event(text: &str) -> bool {
    text.trim_start()
        .strip_prefix('{')
        .is_some_and(|fields| fields.trim_start().starts_with("\"websocket\""))
}

fn decoded(body: &str) -> Result<Arc<str>, String> {
    let data = Data::from_wire("binary", body.into())
        .map_err(|_| "not an event: isBase64Encoded, and the body is not base64".to_owned())?;
    match std::str::from_utf8(data.as_bytes()) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(format!(
            "not an event: not UTF-8 at byte {}",
            error.valid_up_to()
        )),
    }
}

/// An answer in kind: the function URL makes an HTTP answer of it.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: &str) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire<'a> {
        is_base64_encoded: bool,
        status_code: u16,
        headers: BTreeMap<&'a str, &'a str>,
        body: &'a str,
    }
    let wire = Wire {
        is_base64_encoded: false,
        status_code: status.as_u16(),
        headers: [("content-type", content_type)].into(),
        body,
    };
    // Texts and numbers are always JSON; an answer without a status counts as 200 with itself as body.
    serde_json::to_string(&wire).unwrap_or_else(|_| body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = include_str!("../../../protocol/samples/event/message_text.json");

    #[test]
    fn the_documented_example_is_one() {
        let text = r#"{"body":"{\"test\":\"hello world\"}","headers":{"accept":"*/*","content-length":"17",
            "x-scf-remote-addr":"111.206.96.145"},"httpMethod":"POST","path":"/","queryString":{"a":"1","b":"2"}}"#;
        let envelope = Envelope::open(text).expect("an envelope");
        assert_eq!(envelope.event.as_deref(), Ok(r#"{"test":"hello world"}"#));
        assert_eq!((&*envelope.method, &*envelope.path), ("POST", "/"));
        assert!(envelope.has_query);
        assert_eq!(envelope.headers["accept"], "*/*");
    }

    #[test]
    fn events_of_ours_and_other_json_are_none() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/protocol/samples/event");
        let mut seen = 0;
        for file in std::fs::read_dir(samples).expect("samples") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
            assert!(Envelope::open(&text).is_none(), "{text}");
            seen += 1;
        }
        assert!(seen > 5);
        for text in [
            "",
            "{",
            "[]",
            "null",
            r#"{"httpMethod":"POST","body":"{}"}"#,
            r#"{"httpMethod":"POST","headers":{},"body":null}"#,
            r#"{"httpMethod":"POST","headers":[],"body":""}"#,
            r#"{"httpMethod":"POST","headers":{},"body":"","websocket":{}}"#,
        ] {
            assert!(Envelope::open(text).is_none(), "{text}");
        }
    }

    #[test]
    fn headers_are_found_in_any_case_and_what_is_none_is_left_out() {
        let text = r#"{"httpMethod":"POST","body":"","headers":{"Wsfn-Gateway":"1","bad name":"x","n":7,"v":"a\nb"}}"#;
        let envelope = Envelope::open(text).expect("an envelope");
        assert_eq!(envelope.headers.len(), 1);
        assert_eq!(envelope.headers["wsfn-gateway"], "1");
    }

    #[test]
    fn a_body_in_base64_is_decoded() {
        let open = |body: &str| {
            let text = format!(
                r#"{{"httpMethod":"POST","headers":{{}},"isBase64Encoded":true,"body":"{body}"}}"#
            );
            Envelope::open(&text).expect("an envelope").event
        };
        assert_eq!(open("e30=").as_deref(), Ok("{}"));
        assert!(open("not base64").unwrap_err().contains("base64"));
        assert!(open("//8=").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn an_answer_is_what_a_function_url_takes() {
        let text = answer(StatusCode::OK, "application/json", MESSAGE);
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["statusCode"], 200);
        assert_eq!(value["isBase64Encoded"], false);
        assert_eq!(value["headers"]["content-type"], "application/json");
        assert_eq!(value["body"], MESSAGE);
    }
}
