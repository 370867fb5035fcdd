//! What is logged.

use serde::{Deserialize, Serialize};
use wsfn_protocol::{Audience, Data, Request};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds on the clock that all share.
    pub at: u64,
    /// What it was.
    pub what: What,
}

/// Who saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A client, by its name.
    Client(String, Client),
    /// A function, in a call with this number.
    Function(u64, Function),
    /// Whoever pushes, about the push with this number.
    Push(u64, Push),
    /// Whoever runs the gateway.
    Gateway(Gateway),
    /// Whoever runs the function: its process was killed, and the calls that it was in ended there.
    FunctionKilled,
    /// All had the time that they needed: what has not come by now never will.
    Settled,
}

/// What a client did or saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// Sends its handshake.
    Dialled,
    /// Was answered 101.
    Opened,
    /// Was answered something else.
    Refused(u16),
    /// Sends a message. No two messages of a history are equal.
    Sent(String),
    /// Got a message.
    Received(String),
    /// Sends a close frame.
    SentClose(u16),
    /// Got a close frame.
    ReceivedClose(u16),
    /// Ends the connection without a close frame.
    Left,
    /// Saw the end of the connection, with or without a close frame.
    Ended,
    /// Stops reading.
    Paused,
    /// Reads on.
    Resumed,
    /// Has read all that came, for a while now.
    CaughtUp,
}

/// Which of the three events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `connecting`.
    Connect,
    /// `data send`.
    Message,
    /// `closing`.
    Close,
}

/// What a function saw of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// It begins.
    Begin {
        /// Which event.
        kind: Kind,
        /// `secConnectionID`.
        connection: String,
        /// `Wsfn-Event-Id`.
        event_id: String,
        /// `Wsfn-Seq`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// In a connect: the client's name. In a message: its text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Its answer will say that messages of the connection need no order: they may be handled at once.
    Unordered,
    /// It ends; it is logged before the answer is sent.
    End(End),
    /// The caller was told that nothing of it was sent: the function does not know of it.
    Unreached {
        /// Which event.
        kind: Kind,
        /// `secConnectionID`.
        connection: String,
    },
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With 200; a connect accepts with that. The texts are pushes inside the answer.
    Answered(Vec<String>),
    /// With an errNo other than 0, which refuses a connect.
    Refused,
    /// Not with 200, cut off, or with garbage.
    Failed,
    /// The gateway did not wait any longer.
    Abandoned,
}

/// A push as its sender sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Push {
    /// It is sent.
    Asked {
        /// In which call; outside of any where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<u64>,
        /// What is asked.
        action: Action,
    },
    /// Its answer is here.
    Answered(Answer),
}

/// What a push asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A text to one connection.
    Send {
        /// To whom.
        to: String,
        /// No two of a history are equal.
        text: String,
    },
    /// A close, with a code that no other close of the history has.
    Close {
        /// Whose.
        to: String,
        /// The code.
        code: u16,
    },
    /// Into a room.
    Join {
        /// Who.
        id: String,
        /// Where to.
        room: String,
    },
    /// Out of a room, or out of all.
    Leave {
        /// Who.
        id: String,
        /// Where from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// A text to some rooms.
    Broadcast {
        /// Their names.
        rooms: Vec<String>,
        /// No two of a history are equal.
        text: String,
    },
    /// Who is in a room.
    Members {
        /// Its name.
        room: String,
    },
    /// Where a connection is.
    Rooms {
        /// Whose.
        id: String,
    },
    /// Sets a connection's session.
    SetSession {
        /// Whose.
        id: String,
        /// A number that no other one of the history is equal to.
        value: u64,
    },
    /// Reads a connection's session.
    Session {
        /// Whose.
        id: String,
    },
}

impl Action {
    /// What goes over the wire.
    pub(crate) fn request(&self) -> Request<'_> {
        match self {
            Self::Send { to, text } => Request::Send {
                to: to.into(),
                data: Data::Text(text.into()).into(),
            },
            Self::Close { to, code } => Request::Close {
                to: to.into(),
                code: Some(*code),
                reason: None,
            },
            Self::Join { id, room } => Request::Join {
                id: id.into(),
                room: room.into(),
            },
            Self::Leave { id, room } => Request::Leave {
                id: id.into(),
                room: room.as_ref().map(Into::into),
            },
            Self::Broadcast { rooms, text } => Request::Broadcast {
                to: Audience::Rooms(rooms.iter().map(Into::into).collect()),
                except: Vec::new(),
                data: Data::Text(text.into()).into(),
            },
            Self::Members { room } => Request::Members {
                room: room.into(),
                after: None,
                limit: None,
                with_session: false,
            },
            Self::Rooms { id } => Request::Rooms { id: id.into() },
            Self::SetSession { id, value } => Request::Session {
                id: id.into(),
                set: Some(value.to_string().into()),
                version: None,
            },
            Self::Session { id } => Request::Session {
                id: id.into(),
                set: None,
                version: None,
            },
        }
    }
}

/// What a push was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `errNo`.
    pub err_no: i64,
    /// Whom a broadcast was not queued to, or the members, or the rooms: whatever was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list: Vec<String>,
    /// The session's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}

impl From<wsfn_protocol::Answer> for Answer {
    fn from(answer: wsfn_protocol::Answer) -> Self {
        let failed = answer.failed.into_iter().flatten().map(|failed| failed.id);
        let lists = [answer.members, answer.rooms].into_iter().flatten();
        Self {
            err_no: answer.err_no,
            list: failed.chain(lists.flatten()).collect(),
            value: answer.value.and_then(|value| value.get().parse().ok()),
        }
    }
}

/// What was done to the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gateway {
    /// It runs.
    Started,
    /// It is asked to end.
    Stopping,
    /// It has ended.
    Stopped,
    /// It was killed.
    Killed,
}
