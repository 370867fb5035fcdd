//! `requestContext`: what the gateway knows of a connecting client.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::text::{Str, from_object};

/// `requestContext` of a connect event (Tencent Cloud, document 583/31437). Tencent promises additions and never
/// removals, so unknown fields are ignored and each known one may be missing.
///
/// ```
/// use wsfn_protocol::{Event, samples};
///
/// let Ok(Event::Connect(event)) = Event::parse(samples::event::CONNECT_OLD, None) else { panic!() };
/// let context = event.request_context()?;
/// assert_eq!(context.service_name.as_deref(), Some("service-abc"));
/// # Ok::<(), wsfn_protocol::EventError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase", transform = crate::schema::older_spelling))]
pub struct RequestContext<'a> {
    /// The service: `serviceName` in the documents, `serviceId` in Tencent's own code; both are read, the first is
    /// written.
    pub service_name: Option<Cow<'a, str>>,
    /// The path of the API, which is a template (`/test/{testvar}`).
    pub path: Option<Cow<'a, str>>,
    /// `GET`.
    pub http_method: Option<Cow<'a, str>>,
    /// The gateway's id of the handshake.
    pub request_id: Option<Cow<'a, str>>,
    /// Who signed the request, where that is asked for.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub identity: Identity<'a>,
    /// The client's address.
    pub source_ip: Option<Cow<'a, str>>,
    /// `release`, `prepub` or `test`.
    pub stage: Option<Cow<'a, str>>,
    /// `true` in what is documented.
    pub websocket_enable: Option<bool>,
    /// An addition of our own gateway: the headers that it forwards, by lower-case name.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub headers: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// An addition of our own gateway: the query string as the client sent it, without `?`.
    pub query_string: Option<Cow<'a, str>>,
    /// An addition of our own gateway: what stood in the path template's places.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub path_parameters: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

/// `requestContext.identity`, often empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub struct Identity<'a> {
    /// The id of the key that signed the request.
    pub secret_id: Option<Cow<'a, str>>,
}

#[derive(Default)]
struct Wire<'a> {
    service_name: Option<Str<'a>>,
    service_id: Option<Str<'a>>,
    path: Option<Str<'a>>,
    http_method: Option<Str<'a>>,
    request_id: Option<Str<'a>>,
    identity: Option<WireIdentity<'a>>,
    source_ip: Option<Str<'a>>,
    stage: Option<Str<'a>>,
    websocket_enable: Option<bool>,
    headers: Option<BTreeMap<String, Cow<'a, str>>>,
    query_string: Option<Str<'a>>,
    path_parameters: Option<BTreeMap<String, Cow<'a, str>>>,
}
from_object!(Wire<'a>, "`requestContext` (a JSON object)", {
    "serviceName" => service_name,
    "serviceId" => service_id,
    "path" => path,
    "httpMethod" => http_method,
    "requestId" => request_id,
    "identity" => identity,
    "sourceIp" => source_ip,
    "stage" => stage,
    "websocketEnable" => websocket_enable,
    "headers" => headers,
    "queryString" => query_string,
    "pathParameters" => path_parameters,
});

#[derive(Default)]
struct WireIdentity<'a> {
    secret_id: Option<Str<'a>>,
}
from_object!(WireIdentity<'a>, "`identity` (a JSON object)", { "secretId" => secret_id });

impl<'de: 'a, 'a> serde::Deserialize<'de> for RequestContext<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let text = |field: Option<Str<'a>>| field.map(|text| text.0);
        let map = |field: Option<BTreeMap<String, Cow<'a, str>>>| {
            field
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.into(), value))
                .collect()
        };
        Ok(Self {
            service_name: text(wire.service_name.or(wire.service_id)),
            path: text(wire.path),
            http_method: text(wire.http_method),
            request_id: text(wire.request_id),
            identity: Identity {
                secret_id: text(wire.identity.unwrap_or_default().secret_id),
            },
            source_ip: text(wire.source_ip),
            stage: text(wire.stage),
            websocket_enable: wire.websocket_enable,
            headers: map(wire.headers),
            query_string: text(wire.query_string),
            path_parameters: map(wire.path_parameters),
        })
    }
}

impl Serialize for RequestContext<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("RequestContext", 11)?;
        let fields = [
            ("serviceName", &self.service_name),
            ("path", &self.path),
            ("httpMethod", &self.http_method),
            ("requestId", &self.request_id),
        ];
        for (key, value) in fields {
            if let Some(value) = value {
                out.serialize_field(key, value)?;
            }
        }
        out.serialize_field("identity", &self.identity)?;
        for (key, value) in [("sourceIp", &self.source_ip), ("stage", &self.stage)] {
            if let Some(value) = value {
                out.serialize_field(key, value)?;
            }
        }
        if let Some(enabled) = self.websocket_enable {
            out.serialize_field("websocketEnable", &enabled)?;
        }
        if !self.headers.is_empty() {
            out.serialize_field("headers", &self.headers)?;
        }
        if let Some(query) = &self.query_string {
            out.serialize_field("queryString", query)?;
        }
        if !self.path_parameters.is_empty() {
            out.serialize_field("pathParameters", &self.path_parameters)?;
        }
        out.end()
    }
}

impl Serialize for Identity<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Identity", 1)?;
        if let Some(id) = &self.secret_id {
            out.serialize_field("secretId", id)?;
        }
        out.end()
    }
}
