//! The three events, gateway → function (Tencent Cloud, document 583/31437).

mod context;
mod error;

use std::borrow::Cow;

use serde::de::DeserializeSeed;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;

pub use context::{Identity, RequestContext};
pub use error::EventError;

use crate::data::{Data, shortened};
use crate::text::{FieldError, Loose, Place, from_object};
use error::Why;

/// Which of the three events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// *Register*: a client connects.
    Connect,
    /// *Transfer*: a client sent a message.
    Message,
    /// *Cleanup*: a connection ended.
    Close,
}

/// One event, borrowed from its JSON text.
///
/// ```
/// use wsfn_protocol::{Event, samples};
///
/// match Event::parse(samples::event::CLOSE_CODE, None)? {
///     Event::Connect(event) => println!("offers {:?}", event.protocols),
///     Event::Message(event) => println!("{} bytes", event.data.as_bytes().len()),
///     Event::Close(event) => assert_eq!(event.code, Some(1001)),
/// }
/// # Ok::<(), wsfn_protocol::EventError>(())
/// ```
#[derive(Debug)]
pub enum Event<'a> {
    /// A client connects.
    Connect(ConnectEvent<'a>),
    /// A client sent a message.
    Message(MessageEvent<'a>),
    /// A connection ended.
    Close(CloseEvent<'a>),
}

/// *Register*: a client asks to connect.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectEvent<'a> {
    /// `secConnectionID`, opaque.
    #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
    pub connection_id: Cow<'a, str>,
    /// `secWebSocketProtocol`: the sub-protocols that the client offered, as it wrote them, if it offered any.
    #[cfg_attr(feature = "schema", schemars(rename = "secWebSocketProtocol"))]
    pub protocols: Option<Cow<'a, str>>,
    /// `secWebSocketExtensions`, as the client wrote them.
    #[cfg_attr(feature = "schema", schemars(rename = "secWebSocketExtensions"))]
    pub extensions: Option<Cow<'a, str>>,
    /// What stands in `secWebSocketProtocol` where that is no string: `a number`. It concerns only who asks for it.
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub wrong_protocols: Option<&'static str>,
    /// The same of `secWebSocketExtensions`.
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub wrong_extensions: Option<&'static str>,
    /// `requestContext` as it stands in the text; [`ConnectEvent::request_context`] reads it.
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub raw_request_context: Cow<'a, str>,
}

/// *Transfer*: a client sent a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageEvent<'a> {
    /// `secConnectionID`, opaque.
    #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
    pub connection_id: Cow<'a, str>,
    /// The payload.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub data: Data<'a>,
}

/// *Cleanup*: a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloseEvent<'a> {
    /// `secConnectionID`, opaque.
    #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
    pub connection_id: Cow<'a, str>,
    /// `websocket.code`, an addition of our own gateway: the close code. Anything else that stands there is ignored.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<crate::schema::CodeAsText>")
    )]
    pub code: Option<u16>,
    /// `websocket.reason`, an addition of our own gateway.
    pub reason: Option<Cow<'a, str>>,
}

#[derive(Default)]
struct Wire<'a> {
    request_context: Option<&'a RawValue>,
    websocket: Option<Socket<'a>>,
}
from_object!(Wire<'a>, "an event (a JSON object)", {
    "requestContext" => request_context,
    "websocket" => websocket as object,
});

#[derive(Default)]
struct Socket<'a> {
    action: Loose<'a>,
    id: Loose<'a>,
    protocols: Loose<'a>,
    extensions: Loose<'a>,
    data_type: Loose<'a>,
    data: Loose<'a>,
    code: Loose<'a>,
    reason: Loose<'a>,
}
from_object!(Socket<'a>, "`websocket` (a JSON object)", {
    "action" => action,
    "secConnectionID" => id,
    "secWebSocketProtocol" => protocols,
    "secWebSocketExtensions" => extensions,
    "dataType" => data_type,
    "data" => data,
    "code" => code,
    "reason" => reason,
});

impl Event<'_> {
    /// Reads an event. `only` is the slot of a function that serves just one; it decides between 101 and 102, and
    /// between the two texts of 102, where the event itself does not tell what it is.
    ///
    /// By `websocket.action`: `connecting` is a connect, `closing` a close, `data send` and `data recv` (older
    /// gateways) a message, and so is any other action that comes with `data` and `dataType`.
    ///
    /// # Errors
    /// With the number and the text that the function has to answer: see [`EventError::err_no`].
    pub fn parse(text: &str, only: Option<Kind>) -> Result<Event<'_>, EventError> {
        let mut wire = Wire::default();
        let mut json = serde_json::Deserializer::from_str(text);
        Place(&mut wire).deserialize(&mut json)?;
        json.end()?;
        let Wire {
            request_context,
            websocket,
        } = &mut wire;
        let kind = websocket.as_ref().and_then(Socket::kind);
        // The samples' own order: 101 before 102, and only on register (583/31438).
        let connects =
            kind == Some(Kind::Connect) || (kind.is_none() && only == Some(Kind::Connect));
        if connects && request_context.is_none() {
            return Err(Why::NoRequestContext.into());
        }
        let Some(socket) = websocket else {
            return Err(match only {
                Some(Kind::Connect) => Why::NoWebsocketOnRegister,
                None if request_context.is_some() => Why::NoWebsocketOnRegister,
                _ => Why::NoWebsocketOnTransfer,
            }
            .into());
        };
        let Some(kind) = kind else {
            let action = socket.action.take().required("websocket.action")?;
            return Err(Why::UnknownAction(shortened(&action)).into());
        };
        let connection_id = socket.id.take().required("websocket.secConnectionID")?;
        Ok(match kind {
            Kind::Connect => {
                let (protocols, wrong_protocols) = socket.protocols.take().text_or_found();
                let (extensions, wrong_extensions) = socket.extensions.take().text_or_found();
                Event::Connect(ConnectEvent {
                    connection_id,
                    protocols,
                    extensions,
                    wrong_protocols,
                    wrong_extensions,
                    raw_request_context: request_context.map_or("{}", RawValue::get).into(),
                })
            }
            Kind::Message => {
                let data_type = socket.data_type.take().required("websocket.dataType")?;
                let data = socket.data.take().required("websocket.data")?;
                Event::Message(MessageEvent {
                    connection_id,
                    data: Data::from_wire(&data_type, data).map_err(Why::Data)?,
                })
            }
            // What a close event adds is nobody's reason to refuse it.
            Kind::Close => Event::Close(CloseEvent {
                connection_id,
                code: socket.code.take().number("", "").unwrap_or_default(),
                reason: socket.reason.take().text("").unwrap_or_default(),
            }),
        })
    }
}

impl<'a> Event<'a> {
    /// Which of the three it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Event::Connect(_) => Kind::Connect,
            Event::Message(_) => Kind::Message,
            Event::Close(_) => Kind::Close,
        }
    }

    /// `secConnectionID`.
    #[must_use]
    pub fn connection_id(&self) -> &Cow<'a, str> {
        match self {
            Event::Connect(event) => &event.connection_id,
            Event::Message(event) => &event.connection_id,
            Event::Close(event) => &event.connection_id,
        }
    }

    /// The event as a gateway sends it.
    ///
    /// ```
    /// use wsfn_protocol::{Data, Event, MessageEvent};
    /// let event = Event::Message(MessageEvent { connection_id: "x==".into(), data: Data::Text("hi".into()) });
    /// assert_eq!(
    ///     event.to_json(),
    ///     r#"{"websocket":{"action":"data send","secConnectionID":"x==","dataType":"text","data":"hi"}}"#
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let long = match self {
            Event::Message(event) => crate::long::json(&event.data, |data| {
                let connection_id = Cow::Borrowed(&*event.connection_id);
                crate::reply::json(&Event::Message(MessageEvent {
                    connection_id,
                    data,
                }))
            }),
            _ => None,
        };
        long.unwrap_or_else(|| crate::reply::json(self))
    }
}

impl Socket<'_> {
    /// What the action says; an unknown one is a message when it carries one. `None` is an error whose text the
    /// caller makes.
    fn kind(&self) -> Option<Kind> {
        let Loose::Text(action) = &self.action else {
            return None;
        };
        match &**action {
            "connecting" => Some(Kind::Connect),
            "closing" => Some(Kind::Close),
            "data send" | "data recv" => Some(Kind::Message),
            _ if !self.data.is_missing() && !self.data_type.is_missing() => Some(Kind::Message),
            _ => None,
        }
    }
}

impl<'a> ConnectEvent<'a> {
    /// Reads `requestContext`. It is read apart, so that a field of an unexpected type there stops only who asks.
    ///
    /// # Errors
    /// When a known field has another type than the protocol gives it.
    pub fn request_context(&self) -> Result<RequestContext<'_>, EventError> {
        serde_json::from_str(&self.raw_request_context).map_err(|error| {
            let text = error.to_string();
            // A place in `requestContext`, which would be taken for one in the event.
            let place = format!(" at line {} column {}", error.line(), error.column());
            let text = text.strip_suffix(&place).unwrap_or(&text);
            Why::RequestContext(text.to_owned()).into()
        })
    }

    /// A connect event as a gateway makes it.
    #[must_use]
    pub fn new(connection_id: impl Into<Cow<'a, str>>, context: &RequestContext<'_>) -> Self {
        Self {
            connection_id: connection_id.into(),
            protocols: None,
            extensions: None,
            wrong_protocols: None,
            wrong_extensions: None,
            raw_request_context: crate::reply::json(context).into(),
        }
    }
}

impl From<FieldError> for EventError {
    fn from(error: FieldError) -> Self {
        Why::Field(error).into()
    }
}

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Inside<'e>(&'e Event<'e>);
        impl Serialize for Inside<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut out = serializer.serialize_struct("websocket", 4)?;
                let action = match self.0 {
                    Event::Connect(_) => "connecting",
                    Event::Message(_) => "data send",
                    Event::Close(_) => "closing",
                };
                out.serialize_field("action", action)?;
                out.serialize_field("secConnectionID", self.0.connection_id())?;
                match self.0 {
                    Event::Connect(event) => {
                        if let Some(protocols) = &event.protocols {
                            out.serialize_field("secWebSocketProtocol", protocols)?;
                        }
                        if let Some(extensions) = &event.extensions {
                            out.serialize_field("secWebSocketExtensions", extensions)?;
                        }
                    }
                    Event::Message(event) => event.data.write(&mut out)?,
                    Event::Close(event) => {
                        // Functions concatenate the values of `websocket`, so whatever is added there is a string.
                        if let Some(code) = event.code {
                            out.serialize_field("code", &code.to_string())?;
                        }
                        if let Some(reason) = &event.reason {
                            out.serialize_field("reason", reason)?;
                        }
                    }
                }
                out.end()
            }
        }
        let mut out = serializer.serialize_struct("Event", 2)?;
        if let Event::Connect(event) = self {
            let context: &RawValue = serde_json::from_str(&event.raw_request_context)
                .map_err(serde::ser::Error::custom)?;
            out.serialize_field("requestContext", context)?;
        }
        out.serialize_field("websocket", &Inside(self))?;
        out.end()
    }
}
