//! The events, as Tencent's gateway would send them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use wsfn_protocol::{CloseEvent, ConnectEvent, Data, Event, MessageEvent, RequestContext};

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
pub(super) fn message(id: &str, data: Data<'_>) -> Arc<str> {
    let event = MessageEvent {
        connection_id: Cow::Borrowed(id),
        data,
    };
    Event::Message(event).to_json().into()
}

/// The cleanup event.
pub(super) fn close(id: &str, ending: &Ending) -> Arc<str> {
    let event = CloseEvent {
        connection_id: Cow::Borrowed(id),
        code: Some(ending.code.0),
        reason: Some(Cow::Borrowed(&ending.reason)),
    };
    Event::Close(event).to_json().into()
}
