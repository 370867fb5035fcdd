//! Replies, function → gateway (Tencent Cloud, document 583/31438).

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use crate::code::ErrNo;
use crate::payload::{self, Payload};
use crate::text::{Loose, Str, from_object};

/// [`Reply::ok`] as it is written.
const OK: &str = r#"{"errNo":0,"errMsg":"ok"}"#;

/// What a function answers to an event. `errNo` 0 accepts a connect, anything else refuses it; the answers to
/// messages and closes are looked at by no gateway but ours, and by ours only for [`Reply::pushes`].
///
/// ```
/// use wsfn_protocol::{ErrNo, Reply};
/// assert_eq!(Reply::ok().to_json(), r#"{"errNo":0,"errMsg":"ok"}"#);
/// let refused = Reply::error(ErrNo(4001), "not today");
/// assert_eq!(Reply::parse(&refused.to_json())?, refused);
/// # Ok::<(), wsfn_protocol::ReplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename_all = "camelCase",
        description = "What a function answers to an event. `errNo` 0 accepts a connect, anything else refuses it; the answers to messages and closes are looked at by no gateway but wsfn's, and by that only for `wsfn.push`."
    )
)]
pub struct Reply<'a> {
    /// `errNo`.
    #[cfg_attr(feature = "schema", schemars(with = "i64"))]
    pub err_no: ErrNo,
    /// `errMsg`.
    pub err_msg: Cow<'a, str>,
    /// `websocket`, in the answer to a connect event.
    pub websocket: Option<ReplySocket<'a>>,
    /// `wsfn.push`, an addition of our own: what to send to the sender of the event.
    #[cfg_attr(
        feature = "schema",
        schemars(rename = "wsfn", with = "Option<crate::schema::Ours>")
    )]
    pub pushes: Vec<ReplyPush<'a>>,
    /// `wsfn.unordered`, an addition of our own in the answer to a connect event: messages of this connection may be
    /// sent while earlier ones of it are still handled.
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub unordered: bool,
}

/// `websocket` in the answer to a connect event.
///
/// ```
/// use wsfn_protocol::{Reply, samples};
///
/// let reply = Reply::parse(samples::reply::ACCEPT_PROTOCOL)?;
/// assert_eq!(reply.websocket.unwrap().protocol(), Some("chat"));
/// # Ok::<(), wsfn_protocol::ReplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema::connecting))]
pub struct ReplySocket<'a> {
    /// `secConnectionID` of the event.
    #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
    pub connection_id: Cow<'a, str>,
    /// One of the sub-protocols that the client offered. [`ReplySocket::protocol`] reads it.
    #[cfg_attr(
        feature = "schema",
        schemars(
            rename = "secWebSocketProtocol",
            description = "One of the sub-protocols that the client offered."
        )
    )]
    pub protocols: Option<Cow<'a, str>>,
    /// Whether `secWebSocketExtensions` stands there: it has to, and empty, whenever the event has the key, because
    /// compression is the gateway's business.
    #[cfg_attr(
        feature = "schema",
        schemars(
            description = "Stands there, and empty, whenever the event has the key: compression is the gateway's business.",
            rename = "secWebSocketExtensions",
            with = "Option<crate::schema::Empty>"
        )
    )]
    pub extensions: bool,
}

impl ReplySocket<'_> {
    /// The sub-protocol that the function chose; of several the first, since a function may echo the offer.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        let first = self.protocols.as_deref()?.split(',').next()?.trim();
        (!first.is_empty()).then_some(first)
    }
}

/// One push inside a reply: to the sender of the event, which it therefore does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "action", transform = crate::schema::in_websocket))]
pub enum ReplyPush<'a> {
    /// A message.
    #[cfg_attr(feature = "schema", schemars(rename = "data send"))]
    Send(Payload<'a>),
    /// The connection is to be closed.
    #[cfg_attr(feature = "schema", schemars(rename = "closing"))]
    Close {
        /// A code that may be sent; 1000 where there is none.
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::CloseCode>"))]
        code: Option<u16>,
        /// At most 123 bytes.
        #[cfg_attr(feature = "schema", schemars(length(max = 123)))]
        reason: Option<Cow<'a, str>>,
    },
}

impl ReplyPush<'_> {
    /// The same without a borrow.
    #[must_use]
    pub fn into_owned(self) -> ReplyPush<'static> {
        match self {
            Self::Send(data) => ReplyPush::Send(data.into_owned()),
            Self::Close { code, reason } => ReplyPush::Close {
                code,
                reason: reason.map(|reason| Cow::Owned(reason.into_owned())),
            },
        }
    }
}

impl<'a> Reply<'a> {
    /// `errNo` 0, `errMsg` `ok`.
    #[must_use]
    pub const fn ok() -> Self {
        Self::error(ErrNo::OK, "ok")
    }

    /// A number and its text.
    #[must_use]
    pub const fn error(err_no: ErrNo, err_msg: &'a str) -> Self {
        Self {
            err_no,
            err_msg: Cow::Borrowed(err_msg),
            websocket: None,
            pushes: Vec::new(),
            unordered: false,
        }
    }

    /// The reply as a function sends it.
    #[must_use]
    pub fn to_json(&self) -> String {
        // What nearly every event is answered with.
        if *self == Self::ok() {
            return OK.to_owned();
        }
        let long = match &*self.pushes {
            [ReplyPush::Send(data)] => crate::long::json_with_payload(data, |data| {
                json(&Reply {
                    pushes: vec![ReplyPush::Send(data)],
                    err_no: self.err_no,
                    err_msg: Cow::Borrowed(&*self.err_msg),
                    websocket: self.websocket.clone(),
                    unordered: self.unordered,
                })
            }),
            _ => None,
        };
        long.unwrap_or_else(|| json(self))
    }

    /// Reads the answer to a connect event.
    ///
    /// # Errors
    /// When the text is not a JSON object with an integer `errNo`, `wsfn.push` holds something that is no push, or
    /// `wsfn.unordered` is neither true nor false.
    pub fn parse(text: &'a str) -> Result<Self, ReplyError> {
        let wire: Wire<'a> = serde_json::from_str(text).map_err(ReplyError::new)?;
        let err_no = wire
            .err_no
            .number("errNo", "an integer")
            .map_err(ReplyError::new)?
            .ok_or_else(|| ReplyError::new("errNo: missing field"))?;
        let err_msg = wire
            .err_msg
            .text("errMsg")
            .map_err(ReplyError::new)?
            .unwrap_or_default();
        let websocket = match wire.websocket {
            Some(socket) => Some(socket.read()?),
            None => None,
        };
        Ok(Self {
            err_no: ErrNo(err_no),
            err_msg,
            websocket,
            unordered: wire
                .ours
                .as_ref()
                .and_then(|ours| ours.unordered)
                .unwrap_or_default(),
            pushes: pushes(wire.ours)?,
        })
    }

    /// Reads only `wsfn.push`, which is all that the answer to a message may mean. A text without it, JSON or not,
    /// has none: functions answer with what they like.
    ///
    /// # Errors
    /// When `wsfn.push` is there and holds something that is no push.
    pub fn parse_pushes(text: &'a str) -> Result<Vec<ReplyPush<'a>>, ReplyError> {
        // The usual answer has no such key: do not parse it.
        if !text.contains("\"wsfn\"") {
            return Ok(Vec::new());
        }
        match serde_json::from_str::<Only<'a>>(text) {
            Ok(only) => pushes(only.ours),
            Err(error) if error.is_data() => Err(ReplyError::new(error)),
            Err(_) => Ok(Vec::new()),
        }
    }
}

fn pushes(ours: Option<Ours<'_>>) -> Result<Vec<ReplyPush<'_>>, ReplyError> {
    let list = ours.and_then(|ours| ours.push).unwrap_or_default();
    list.into_iter()
        .map(|push| push.websocket.unwrap_or_default().read())
        .collect()
}

#[derive(Default)]
struct Wire<'a> {
    err_no: Loose<'a>,
    err_msg: Loose<'a>,
    websocket: Option<WireSocket<'a>>,
    ours: Option<Ours<'a>>,
}
from_object!(Wire<'a>, "a reply (a JSON object)", {
    "errNo" => err_no,
    "errMsg" => err_msg,
    "websocket" => websocket,
    "wsfn" => ours,
});

#[derive(Default)]
struct Only<'a> {
    ours: Option<Ours<'a>>,
}
from_object!(Only<'a>, "a reply (a JSON object)", { "wsfn" => ours });

#[derive(Default)]
struct Ours<'a> {
    push: Option<Vec<WirePush<'a>>>,
    unordered: Option<bool>,
}
from_object!(Ours<'a>, "`wsfn` (a JSON object)", { "push" => push, "unordered" => unordered });

#[derive(Default)]
struct WireSocket<'a> {
    id: Option<Str<'a>>,
    protocols: Loose<'a>,
    extensions: Loose<'a>,
}
from_object!(WireSocket<'a>, "`websocket` (a JSON object)", {
    "secConnectionID" => id,
    "secWebSocketProtocol" => protocols,
    "secWebSocketExtensions" => extensions,
});

impl<'a> WireSocket<'a> {
    fn read(self) -> Result<ReplySocket<'a>, ReplyError> {
        Ok(ReplySocket {
            connection_id: self.id.map(|id| id.0).unwrap_or_default(),
            protocols: self
                .protocols
                .text("websocket.secWebSocketProtocol")
                .map_err(ReplyError::new)?,
            extensions: !self.extensions.is_missing(),
        })
    }
}

#[derive(Default)]
struct WirePush<'a> {
    websocket: Option<WirePushSocket<'a>>,
}
from_object!(WirePush<'a>, "a push (a JSON object)", { "websocket" => websocket });

#[derive(Default)]
struct WirePushSocket<'a> {
    action: Loose<'a>,
    data_type: Loose<'a>,
    data: Loose<'a>,
    compress: Option<bool>,
    code: Loose<'a>,
    reason: Loose<'a>,
}
from_object!(WirePushSocket<'a>, "`websocket` (a JSON object)", {
    "action" => action,
    "dataType" => data_type,
    "data" => data,
    "compress" => compress,
    "code" => code,
    "reason" => reason,
});

impl<'a> WirePushSocket<'a> {
    fn read(self) -> Result<ReplyPush<'a>, ReplyError> {
        let action = self
            .action
            .required("wsfn.push: websocket.action")
            .map_err(ReplyError::new)?;
        match &*action {
            "data send" => {
                let wire = payload::Wire {
                    data_type: self.data_type,
                    data: self.data,
                    compress: self.compress,
                };
                wire.read().map(ReplyPush::Send).map_err(ReplyError::new)
            }
            "closing" => {
                let (code, reason) =
                    crate::push::close_fields(self.code, self.reason).map_err(ReplyError::new)?;
                Ok(ReplyPush::Close { code, reason })
            }
            other => Err(ReplyError::new(format!(
                "wsfn.push: websocket.action: expected `data send` or `closing`, found `{}`",
                crate::data::shortened(other)
            ))),
        }
    }
}

impl Serialize for Reply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Added<'r, 'a> {
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            push: &'r [ReplyPush<'a>],
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            unordered: bool,
        }
        let mut out = serializer.serialize_struct("Reply", 4)?;
        out.serialize_field("errNo", &self.err_no.0)?;
        out.serialize_field("errMsg", &self.err_msg)?;
        if let Some(websocket) = &self.websocket {
            out.serialize_field("websocket", websocket)?;
        }
        if !self.pushes.is_empty() || self.unordered {
            let added = Added {
                push: &self.pushes,
                unordered: self.unordered,
            };
            out.serialize_field("wsfn", &added)?;
        }
        out.end()
    }
}

impl Serialize for ReplySocket<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("websocket", 4)?;
        out.serialize_field("action", "connecting")?;
        out.serialize_field("secConnectionID", &self.connection_id)?;
        if let Some(protocols) = &self.protocols {
            out.serialize_field("secWebSocketProtocol", protocols)?;
        }
        if self.extensions {
            out.serialize_field("secWebSocketExtensions", "")?;
        }
        out.end()
    }
}

impl Serialize for ReplyPush<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Inside<'r>(&'r ReplyPush<'r>);
        impl Serialize for Inside<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut out = serializer.serialize_struct("websocket", 3)?;
                match self.0 {
                    ReplyPush::Send(data) => {
                        out.serialize_field("action", "data send")?;
                        data.write(&mut out)?;
                    }
                    ReplyPush::Close { code, reason } => {
                        out.serialize_field("action", "closing")?;
                        crate::push::write_close(&mut out, *code, reason.as_deref())?;
                    }
                }
                out.end()
            }
        }
        let mut out = serializer.serialize_struct("ReplyPush", 1)?;
        out.serialize_field("websocket", &Inside(self))?;
        out.end()
    }
}

/// Why a text is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyError(String);

impl ReplyError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that it can stand in `map_err`"
    )]
    fn new(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a reply: {}", self.0)
    }
}

impl std::error::Error for ReplyError {}

/// JSON of one of this crate's own types. They have string keys and no failing parts, so writing them to memory
/// cannot fail; were it to, an empty object is still JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{OK, Reply, json};

    #[test]
    fn the_usual_answer_is_what_would_be_written() {
        assert_eq!(json(&Reply::ok()), OK);
        assert_eq!(Reply::ok().to_json(), OK);
    }
}
