//! What the types cannot say of themselves: the envelope around them, and texts of a certain form.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::{
    Answer, Audience, CloseCode, CloseEvent, ConnectEvent, Event, MessageEvent, Reply, ReplyPush,
    Request, RequestContext,
};

/// The schema of events, made from the types; [`EVENT`](super::EVENT) is its text.
#[must_use]
pub fn event() -> Schema {
    made::<Event<'_>>(SchemaSettings::draft2020_12())
}

/// The schema of replies, made from the types; [`REPLY`](super::REPLY) is its text.
#[must_use]
pub fn reply() -> Schema {
    made::<Reply<'_>>(SchemaSettings::draft2020_12())
}

/// The schema of pushes, made from the types; [`PUSH`](super::PUSH) is its text.
#[must_use]
pub fn push() -> Schema {
    made::<Request<'_>>(SchemaSettings::draft2020_12())
}

/// The schema of the answers to pushes, made from the types; [`ANSWER`](super::ANSWER) is its text.
#[must_use]
pub fn answer() -> Schema {
    // A gateway always writes the number and its text; our reader does without.
    made::<Answer>(SchemaSettings::draft2020_12().for_serialize())
}

fn made<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    let settings = settings.with_transform(RecursiveTransform(one_line));
    settings.into_generator().into_root_schema_for::<T>()
}

/// A description without the line breaks and the example of the comment that it was.
fn one_line(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let said = text.split("```").next().unwrap_or_default().trim_end();
        *text = said.split('\n').collect::<Vec<_>>().join(" ");
    }
}

/// Puts what was made from the fields of `websocket` where they stand.
pub(crate) fn in_websocket(schema: &mut Schema) {
    let mut inner = std::mem::take(schema.ensure_object());
    let description = inner.remove("description");
    let mut outer = envelope(Value::Object(inner));
    if let Some(description) = description {
        outer.insert("description".into(), description);
    }
    *schema = outer;
}

fn envelope(websocket: impl Into<Value>) -> Schema {
    json_schema!({
        "type": "object",
        "properties": { "websocket": websocket.into() },
        "required": ["websocket"],
    })
}

/// The action that the answer to a connect event repeats.
pub(crate) fn connecting(schema: &mut Schema) {
    let schema = schema.ensure_object();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(
            "action".into(),
            json_schema!({ "const": "connecting" }).into(),
        );
    }
}

/// The other name of `serviceName`, which is read and never written.
pub(crate) fn older_spelling(schema: &mut Schema) {
    let properties = schema.ensure_object().get_mut("properties");
    if let Some(properties) = properties.and_then(Value::as_object_mut) {
        let about = "What `serviceName` is called in Tencent's own code.";
        let schema = json_schema!({ "description": about, "type": ["string", "null"] });
        properties.insert("serviceId".into(), schema.into());
    }
}

impl JsonSchema for Event<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut connect = one::<ConnectEvent<'_>>(generator, &["connecting"]);
        if let Some(connect) = connect.as_object_mut() {
            let context = generator.subschema_for::<RequestContext<'_>>();
            if let Some(properties) = connect.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert("requestContext".into(), context.into());
            }
            connect.insert(
                "required".into(),
                vec!["requestContext", "websocket"].into(),
            );
        }
        json_schema!({
            "description": "What a gateway sends to a function.",
            "oneOf": [
                connect,
                one::<MessageEvent<'_>>(generator, &["data send", "data recv"]),
                one::<CloseEvent<'_>>(generator, &["closing"]),
            ],
        })
    }
}

/// One kind of event: the fields of its type, and the actions that say it is this one.
fn one<T: JsonSchema>(generator: &mut SchemaGenerator, actions: &[&str]) -> Value {
    let fields = generator.subschema_for::<T>();
    let mut socket = Map::new();
    socket.extend(fields.as_object().cloned().unwrap_or_default());
    socket.insert(
        "properties".into(),
        json_schema!({ "action": { "enum": actions } }).into(),
    );
    socket.insert("required".into(), vec!["action"].into());
    envelope(socket).into()
}

impl JsonSchema for Audience<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Audience".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let room = json_schema!({ "type": ["string", "null"], "minLength": 1 });
        json_schema!({
            "properties": {
                "room": { "description": "One room.", "type": ["string", "null"], "minLength": 1 },
                "rooms": {
                    "description": "Several rooms; who is in two of them gets the message once. Without `room` \
                                    and `rooms` it is for everyone.",
                    "type": ["array", "null"],
                    "items": { "type": "string", "minLength": 1 },
                },
            },
            "not": { "properties": { "room": room, "rooms": { "type": "array" } }, "required": ["room", "rooms"] },
        })
    }
}

impl JsonSchema for CloseCode {
    fn schema_name() -> Cow<'static, str> {
        "CloseCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A close code that may be sent (RFC 6455, section 7.4).",
            "type": "integer",
            "anyOf": [
                { "minimum": 1000, "maximum": 1003 },
                { "minimum": 1007, "maximum": 1014 },
                { "minimum": 3000, "maximum": 4999 },
            ],
        })
    }
}

/// A type that is only a form of JSON: `Name => schema`.
macro_rules! form {
    ($($(#[$attribute:meta])* $name:ident => $schema:tt)+) => {
        $(
            $(#[$attribute])*
            pub(crate) struct $name;
            impl JsonSchema for $name {
                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }
                fn inline_schema() -> bool {
                    true
                }
                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            }
        )+
    };
}

form! {
    /// Bytes in base64, standard alphabet, padded or not; the last character has no bits that mean nothing.
    Base64 => {
        "type": "string",
        "description": "Bytes in base64, with the standard alphabet, padded or not.",
        "contentEncoding": "base64",
        "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]={0,2}|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=?)?$",
    }
    /// A close code as events have it: functions concatenate the values of `websocket`.
    CodeAsText => { "type": "string", "pattern": "^[0-9]{1,5}$" }
    /// The answer to offered extensions.
    Empty => { "const": "" }
    /// The only word that `with` knows.
    WithSession => { "const": "session" }
}

/// `wsfn` in a reply.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is asked for")]
pub(crate) struct Ours {
    /// What to send to the sender of the event.
    push: Option<Vec<ReplyPush<'static>>>,
    /// In the answer to a connect event: whether messages of this connection may be sent while earlier ones of it are
    /// still handled.
    unordered: Option<bool>,
}
