//! The reverse push: what a function asks of the gateway, and what it answers.

mod answer;
mod error;

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;

pub use answer::{Answer, Failed};
pub use error::RequestError;

use crate::close_code::CloseCode;
use crate::data::shortened;
use crate::payload::{self, Payload};
use crate::text::{FieldError, Loose, Str, from_object};

/// What a function POSTs to the gateway. `Send` and `Close` are Tencent's protocol; everything else is an addition of
/// our own gateway.
///
/// ```
/// use wsfn_protocol::Request;
///
/// let push = Request::Join { id: "x==".into(), room: "lobby".into() };
/// let text = r#"{"websocket":{"action":"join","secConnectionID":"x==","room":"lobby"}}"#;
/// assert_eq!(push.to_json(), text);
/// assert_eq!(Request::parse(text)?, push);
/// # Ok::<(), wsfn_protocol::RequestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "action", rename_all = "lowercase", transform = crate::schema::in_websocket))]
pub enum Request<'a> {
    /// `data send` to one connection.
    #[cfg_attr(feature = "schema", schemars(rename = "data send"))]
    Send {
        /// `secConnectionID`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
        to: Cow<'a, str>,
        /// The message.
        #[cfg_attr(feature = "schema", schemars(flatten))]
        data: Payload<'a>,
    },
    /// `data send` to several connections.
    #[cfg_attr(feature = "schema", schemars(rename = "data send"))]
    SendMany {
        /// `secConnectionIDs`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionIDs"))]
        to: Vec<Cow<'a, str>>,
        /// The message.
        #[cfg_attr(feature = "schema", schemars(flatten))]
        data: Payload<'a>,
    },
    /// `closing`: forces a client offline.
    #[cfg_attr(feature = "schema", schemars(rename = "closing"))]
    Close {
        /// `secConnectionID`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
        to: Cow<'a, str>,
        /// A close code that may be sent; 1000 where there is none. Our gateway only.
        #[cfg_attr(feature = "schema", schemars(with = "Option<crate::CloseCode>"))]
        code: Option<u16>,
        /// At most 123 bytes. Our gateway only.
        #[cfg_attr(feature = "schema", schemars(length(max = 123)))]
        reason: Option<Cow<'a, str>>,
    },
    /// `join`: puts a connection into a room.
    Join {
        /// `secConnectionID`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
        id: Cow<'a, str>,
        /// The room, made by its first member.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        room: Cow<'a, str>,
    },
    /// `leave`: takes a connection out of a room.
    Leave {
        /// `secConnectionID`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
        id: Cow<'a, str>,
        /// The room; without it, all of the connection's rooms.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        room: Option<Cow<'a, str>>,
    },
    /// `broadcast`: a message to everyone in some rooms, each once.
    Broadcast {
        /// To whom.
        #[cfg_attr(feature = "schema", schemars(flatten))]
        to: Audience<'a>,
        /// Connections that do not get it.
        #[cfg_attr(feature = "schema", schemars(default))]
        except: Vec<Cow<'a, str>>,
        /// The message.
        #[cfg_attr(feature = "schema", schemars(flatten))]
        data: Payload<'a>,
    },
    /// `members`: who is in a room, in pages.
    Members {
        /// The room.
        #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
        room: Cow<'a, str>,
        /// `next` of the page before.
        after: Option<Cow<'a, str>>,
        /// The most ids in the page.
        limit: Option<usize>,
        /// Whether the members' sessions are wanted too.
        #[cfg_attr(
            feature = "schema",
            schemars(rename = "with", with = "Option<crate::schema::WithSession>")
        )]
        with_session: bool,
    },
    /// `rooms`: which rooms a connection is in.
    Rooms {
        /// `secConnectionID`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
        id: Cow<'a, str>,
    },
    /// `alive`: which of these connections are open.
    Alive {
        /// `secConnectionIDs`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionIDs"))]
        ids: Vec<Cow<'a, str>>,
    },
    /// `session`: reads or sets the value that is kept with a connection.
    Session {
        /// `secConnectionID`.
        #[cfg_attr(feature = "schema", schemars(rename = "secConnectionID"))]
        id: Cow<'a, str>,
        /// The new value, as JSON.
        #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
        set: Option<Cow<'a, str>>,
        /// The version that `set` replaces; without it, `set` always wins.
        version: Option<u64>,
    },
}

/// Who gets a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience<'a> {
    /// Every open connection.
    Everyone,
    /// The members of these rooms, each once. An empty list is nobody.
    Rooms(Vec<Cow<'a, str>>),
}

#[derive(Default)]
struct Wire<'a> {
    websocket: Option<Socket<'a>>,
}
from_object!(Wire<'a>, "a push (a JSON object)", { "websocket" => websocket });

#[derive(Default)]
struct Socket<'a> {
    action: Loose<'a>,
    id: Loose<'a>,
    ids: Option<Vec<Str<'a>>>,
    data_type: Loose<'a>,
    data: Loose<'a>,
    compress: Option<bool>,
    code: Loose<'a>,
    reason: Loose<'a>,
    room: Loose<'a>,
    rooms: Option<Vec<Str<'a>>>,
    except: Option<Vec<Str<'a>>>,
    after: Loose<'a>,
    limit: Loose<'a>,
    with: Loose<'a>,
    set: Given<'a>,
    version: Loose<'a>,
}
from_object!(Socket<'a>, "`websocket` (a JSON object)", {
    "action" => action,
    "secConnectionID" => id,
    "secConnectionIDs" => ids,
    "dataType" => data_type,
    "data" => data,
    "compress" => compress,
    "code" => code,
    "reason" => reason,
    "room" => room,
    "rooms" => rooms,
    "except" => except,
    "after" => after,
    "limit" => limit,
    "with" => with,
    "set" => set,
    "version" => version,
});

/// A value that is there, be it `null`, which an `Option` alone would take for one that is not.
#[derive(Default)]
struct Given<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Deserialize::deserialize(deserializer).map(|value| Self(Some(value)))
    }
}

const ID: &str = "websocket.secConnectionID";
const IDS: &str = "websocket.secConnectionIDs";
const ROOM: &str = "websocket.room";

impl<'a> Request<'a> {
    /// Reads a push.
    ///
    /// # Errors
    /// When the text is no push: says where and why, and becomes errNo 1104.
    pub fn parse(text: &'a str) -> Result<Self, RequestError> {
        let wire: Wire<'a> = serde_json::from_str(text).map_err(RequestError::new)?;
        let Some(mut socket) = wire.websocket else {
            return Err(RequestError::new("websocket: missing field"));
        };
        let action = std::mem::take(&mut socket.action).required("websocket.action")?;
        Ok(match &*action {
            "data send" => match socket.ids.take() {
                Some(ids) if socket.id.is_missing() => Self::SendMany {
                    to: strings(ids),
                    data: socket.data()?,
                },
                Some(_) => {
                    return Err(RequestError::new(format!(
                        "{ID} and {IDS}: give one of them"
                    )));
                }
                None => Self::Send {
                    to: socket.id()?,
                    data: socket.data()?,
                },
            },
            "closing" => {
                let to = socket.id()?;
                let (code, reason) = close_fields(socket.code, socket.reason)?;
                Self::Close { to, code, reason }
            }
            "join" => Self::Join {
                id: socket.id()?,
                room: named(socket.room.required(ROOM)?)?,
            },
            "leave" => {
                let room = socket.room()?;
                Self::Leave {
                    id: socket.id()?,
                    room,
                }
            }
            "broadcast" => {
                let to = match (socket.room()?, socket.rooms.take()) {
                    (None, None) => Audience::Everyone,
                    (Some(room), None) => Audience::Rooms(vec![room]),
                    (None, Some(rooms)) => Audience::Rooms(
                        strings(rooms)
                            .into_iter()
                            .map(named)
                            .collect::<Result<_, _>>()?,
                    ),
                    (Some(_), Some(_)) => {
                        return Err(RequestError::new(
                            "websocket.room and websocket.rooms: give one of them",
                        ));
                    }
                };
                let except = strings(socket.except.take().unwrap_or_default());
                Self::Broadcast {
                    to,
                    except,
                    data: socket.data()?,
                }
            }
            "members" => {
                let with = socket.with.text("websocket.with")?;
                let with_session = match with.as_deref() {
                    None => false,
                    Some("session") => true,
                    Some(other) => {
                        return Err(RequestError::new(format!(
                            "websocket.with: expected `session`, found `{}`",
                            shortened(other)
                        )));
                    }
                };
                Self::Members {
                    room: named(socket.room.required(ROOM)?)?,
                    after: socket.after.text("websocket.after")?,
                    limit: socket.limit.number("websocket.limit", "a number of ids")?,
                    with_session,
                }
            }
            "rooms" => Self::Rooms { id: socket.id()? },
            "alive" => {
                let Some(ids) = socket.ids else {
                    return Err(RequestError::new(format!("{IDS}: missing field")));
                };
                Self::Alive { ids: strings(ids) }
            }
            "session" => Self::Session {
                id: socket.id()?,
                set: socket.set.0.map(|value| value.get().into()),
                version: socket.version.number("websocket.version", "a version")?,
            },
            other => {
                return Err(RequestError::new(format!(
                    "websocket.action: unknown action `{}`; known are data send, closing, join, leave, broadcast, \
                     members, rooms, alive, session",
                    shortened(other)
                )));
            }
        })
    }

    /// The push as a function sends it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let long = match self {
            Request::Send { to, data } => crate::long::json_with_payload(data, |data| {
                let to = Cow::Borrowed(&**to);
                crate::reply::json(&Request::Send { to, data })
            }),
            _ => None,
        };
        long.unwrap_or_else(|| crate::reply::json(self))
    }

    /// `websocket.action` of it.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Send { .. } | Self::SendMany { .. } => "data send",
            Self::Close { .. } => "closing",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Broadcast { .. } => "broadcast",
            Self::Members { .. } => "members",
            Self::Rooms { .. } => "rooms",
            Self::Alive { .. } => "alive",
            Self::Session { .. } => "session",
        }
    }
}

impl<'a> Socket<'a> {
    fn id(&mut self) -> Result<Cow<'a, str>, FieldError> {
        std::mem::take(&mut self.id).required(ID)
    }

    fn room(&mut self) -> Result<Option<Cow<'a, str>>, RequestError> {
        std::mem::take(&mut self.room)
            .text(ROOM)?
            .map(named)
            .transpose()
    }

    fn data(self) -> Result<Payload<'a>, RequestError> {
        let wire = payload::Wire {
            data_type: self.data_type,
            data: self.data,
            compress: self.compress,
        };
        wire.read().map_err(RequestError::new)
    }
}

/// An empty name would be a room that nobody meant.
fn named(room: Cow<'_, str>) -> Result<Cow<'_, str>, RequestError> {
    if room.is_empty() {
        return Err(RequestError::new(
            "websocket.room: expected a name, found an empty string",
        ));
    }
    Ok(room)
}

fn strings(list: Vec<Str<'_>>) -> Vec<Cow<'_, str>> {
    list.into_iter().map(|text| text.0).collect()
}

/// Code and reason of a pushed close, checked as RFC 6455 has them.
pub(crate) fn close_fields<'a>(
    code: Loose<'a>,
    reason: Loose<'a>,
) -> Result<(Option<u16>, Option<Cow<'a, str>>), RequestError> {
    const EXPECTED: &str = "a close code that may be sent (1000-1003, 1007-1014, 3000-4999)";
    let code: Option<u16> = code.number("websocket.code", EXPECTED)?;
    if let Some(code) = code.filter(|code| !CloseCode(*code).may_be_sent()) {
        return Err(RequestError::new(format!(
            "websocket.code: expected {EXPECTED}, found {code}"
        )));
    }
    let reason = reason.text("websocket.reason")?;
    if let Some(reason) = reason
        .as_ref()
        .filter(|reason| reason.len() > CloseCode::REASON_MAX)
    {
        return Err(RequestError::new(format!(
            "websocket.reason: expected at most {} bytes, found {}",
            CloseCode::REASON_MAX,
            reason.len()
        )));
    }
    Ok((code, reason))
}

pub(crate) fn write_close<S: SerializeStruct>(
    out: &mut S,
    code: Option<u16>,
    reason: Option<&str>,
) -> Result<(), S::Error> {
    if let Some(code) = code {
        out.serialize_field("code", &code)?;
    }
    if let Some(reason) = reason {
        out.serialize_field("reason", reason)?;
    }
    Ok(())
}

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Inside<'r>(&'r Request<'r>);
        impl Serialize for Inside<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut out = serializer.serialize_struct("websocket", 4)?;
                out.serialize_field("action", self.0.action())?;
                write_fields(self.0, &mut out)?;
                out.end()
            }
        }
        let mut out = serializer.serialize_struct("Request", 1)?;
        out.serialize_field("websocket", &Inside(self))?;
        out.end()
    }
}

fn write_fields<S: SerializeStruct>(request: &Request<'_>, out: &mut S) -> Result<(), S::Error> {
    match request {
        Request::Send { to, data } => {
            out.serialize_field("secConnectionID", to)?;
            data.write(out)?;
        }
        Request::SendMany { to, data } => {
            out.serialize_field("secConnectionIDs", to)?;
            data.write(out)?;
        }
        Request::Close { to, code, reason } => {
            out.serialize_field("secConnectionID", to)?;
            write_close(out, *code, reason.as_deref())?;
        }
        Request::Join { id, room } => {
            out.serialize_field("secConnectionID", id)?;
            out.serialize_field("room", room)?;
        }
        Request::Leave { id, room } => {
            out.serialize_field("secConnectionID", id)?;
            if let Some(room) = room {
                out.serialize_field("room", room)?;
            }
        }
        Request::Broadcast { to, except, data } => {
            match to {
                Audience::Everyone => {}
                Audience::Rooms(rooms) => match &rooms[..] {
                    [room] => out.serialize_field("room", room)?,
                    rooms => out.serialize_field("rooms", rooms)?,
                },
            }
            if !except.is_empty() {
                out.serialize_field("except", except)?;
            }
            data.write(out)?;
        }
        Request::Members {
            room,
            after,
            limit,
            with_session,
        } => {
            out.serialize_field("room", room)?;
            if let Some(after) = after {
                out.serialize_field("after", after)?;
            }
            if let Some(limit) = limit {
                out.serialize_field("limit", limit)?;
            }
            if *with_session {
                out.serialize_field("with", "session")?;
            }
        }
        Request::Rooms { id } => out.serialize_field("secConnectionID", id)?,
        Request::Alive { ids } => out.serialize_field("secConnectionIDs", ids)?,
        Request::Session { id, set, version } => {
            out.serialize_field("secConnectionID", id)?;
            if let Some(set) = set {
                let value: &RawValue =
                    serde_json::from_str(set).map_err(serde::ser::Error::custom)?;
                out.serialize_field("set", value)?;
            }
            if let Some(version) = version {
                out.serialize_field("version", version)?;
            }
        }
    }
    Ok(())
}
