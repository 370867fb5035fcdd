//! The events, as Tencent's gateway would send them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsfn_protocol::{CloseEvent, ConnectEvent, Data, Event, RequestContext};

use crate::machine::Ending;
use crate::service::Options;

/// What a connect event says of the handshake.
#[derive(Debug)]
pub(super) struct Client<'h> {
    pub(super) path: &'h str,
    /// The parameters of the route's path.
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) query: Option<&'h str>,
    pub(super) source: IpAddr,
    pub(super) protocols: Option<String>,
    pub(super) extensions: Option<String>,
    /// All headers, names in lower case.
    pub(super) headers: Vec<(String, Cow<'h, str>)>,
}

/// The register event.
pub(super) fn connect(
    id: &str,
    request_id: &str,
    client: &Client<'_>,
    options: &Options,
) -> Arc<str> {
    let mut headers: BTreeMap<Cow<'_, str>, Cow<'_, str>> = BTreeMap::new();
    for (name, value) in &client.headers {
        if !options.forward_headers.contains(name) {
            continue;
        }
        headers
            .entry(Cow::Borrowed(name))
            .and_modify(|all| {
                // Headers of one name are a list (RFC 9110, section 5.3).
                let all = all.to_mut();
                all.push_str(", ");
                all.push_str(value);
            })
            .or_insert(Cow::Borrowed(value));
    }
    let context = RequestContext {
        service_name: Some(Cow::Borrowed(&options.service_name)),
        path: Some(Cow::Borrowed(client.path)),
        http_method: Some(Cow::Borrowed("GET")),
        request_id: Some(Cow::Borrowed(request_id)),
        source_ip: Some(Cow::Owned(client.source.to_canonical().to_string())),
        stage: Some(Cow::Borrowed(&options.stage)),
        websocket_enable: Some(true),
        headers,
        query_string: client
            .query
            .filter(|_| options.forward_query)
            .map(Cow::Borrowed),
        path_parameters: client
            .parameters
            .iter()
            .map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value)))
            .collect(),
        ..RequestContext::default()
    };
    let event = ConnectEvent {
        protocols: client.protocols.as_deref().map(Cow::Borrowed),
        extensions: client.extensions.as_deref().map(Cow::Borrowed),
        ..ConnectEvent::new(id, &context)
    };
    Event::Connect(event).to_json().into()
}

/// The transfer event.
///
/// By hand, since there is one for every message: it is what [`Event::to_json`] writes, at an eighth of the cost.
pub(super) fn message(id: &str, data: &Data<'_>) -> Arc<str> {
    const BEGIN: &str = r#"{"websocket":{"action":"data send","secConnectionID":""#;
    const TEXT: &str = r#"","dataType":"text","data":""#;
    const BINARY: &str = r#"","dataType":"binary","data":""#;
    const END: &str = r#""}}"#;
    let mut json = String::with_capacity(
        BEGIN.len() + id.len() + BINARY.len() + data.as_bytes().len() * 4 / 3 + END.len() + 4,
    );
    json.push_str(BEGIN);
    // Ids are base64, which has nothing to escape.
    json.push_str(id);
    match data {
        Data::Text(text) => {
            json.push_str(TEXT);
            escape(text, &mut json);
        }
        Data::Binary(bytes) => {
            json.push_str(BINARY);
            STANDARD.encode_string(bytes, &mut json);
        }
    }
    json.push_str(END);
    json.into()
}

/// Appends a text as it stands inside a JSON string.
fn escape(text: &str, json: &mut String) {
    let mut rest = text;
    while let Some(at) = first_escaped(rest.as_bytes()) {
        let (plain, escaped) = rest.split_at(at);
        json.push_str(plain);
        let mut characters = escaped.chars();
        match characters.next() {
            Some('"') => json.push_str("\\\""),
            Some('\\') => json.push_str("\\\\"),
            Some('\n') => json.push_str("\\n"),
            Some('\r') => json.push_str("\\r"),
            Some('\t') => json.push_str("\\t"),
            Some('\u{8}') => json.push_str("\\b"),
            Some('\u{c}') => json.push_str("\\f"),
            Some(other) => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(other));
            }
            None => {}
        }
        rest = characters.as_str();
    }
    json.push_str(rest);
}

/// Where the first byte stands that a JSON string cannot hold as it is. It is ASCII.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    /// So many bytes are looked at together, without a branch between them.
    const TOGETHER: usize = 32;
    let is_escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let mut at = 0;
    for chunk in bytes.chunks(TOGETHER) {
        if chunk.iter().fold(false, |any, byte| any | is_escaped(byte)) {
            return chunk.iter().position(is_escaped).map(|found| at + found);
        }
        at += chunk.len();
    }
    None
}

/// The cleanup event.
pub(crate) fn close(id: &str, ending: &Ending) -> Arc<str> {
    let event = CloseEvent {
        connection_id: Cow::Borrowed(id),
        code: Some(ending.code.0),
        reason: Some(Cow::Borrowed(&ending.reason)),
    };
    Event::Close(event).to_json().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wsfn_protocol::MessageEvent;

    use super::*;

    fn is_as_the_protocol_writes_it(data: Data<'_>) {
        let id = "xawexasdfewezdfsdfeasdfffa==";
        let written = message(id, &data);
        let event = MessageEvent {
            connection_id: Cow::Borrowed(id),
            data,
        };
        assert_eq!(&*written, Event::Message(event).to_json());
    }

    #[test]
    fn every_character_that_is_escaped() {
        for code in 0..=0x2ff {
            let character = char::from_u32(code).unwrap();
            for before in [0, 1, 31, 32, 33, 100] {
                let text = format!("{}{character}{character}z", "x".repeat(before));
                is_as_the_protocol_writes_it(Data::Text(text.into()));
            }
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "(?s).{0,200}") {
            is_as_the_protocol_writes_it(Data::Text(text.into()));
        }

        #[test]
        fn anything_binary(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            is_as_the_protocol_writes_it(Data::Binary(bytes.into()));
        }
    }
}
