//! The words of the state machine: what happens and what is to be done.

use std::borrow::Cow;
use std::time::Duration;

use wsfn_protocol::CloseCode;

use super::Lane;
use crate::limit::Limit;

/// The settings that the table names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// `invoke-timeout`: from when a call was sent to when it is late.
    pub(crate) invoke_timeout: Duration,
    /// `call-grace`: how long a late call is still awaited.
    pub(crate) call_grace: Duration,
    /// `close-timeout`: how long the close handshake may take.
    pub(crate) close_timeout: Duration,
    /// `close-retry-for`: how long a close event is retried.
    pub(crate) close_retry_for: Duration,
    /// `handshake-timeout`: how long an entry may take into the journal.
    pub(crate) handshake_timeout: Duration,
    /// Whether connections stand in a journal before their connect events are sent.
    pub(crate) journal: bool,
    /// `failed-message = tell`.
    pub(crate) tell: bool,
}

/// Where a connection is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Handshaking,
    Registering,
    Open,
    Draining,
    Closing,
    Ended,
}

/// Why a call to the function came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallError {
    /// Provably never sent.
    NotSent,
    /// Too many wait.
    QueueFull,
    /// Not answered in time.
    Late,
    /// Garbage, a failure, cut off.
    Failed,
}

/// How a connection ended, as its close event says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) code: CloseCode,
    pub(crate) reason: Cow<'static, str>,
}

impl Ending {
    /// What the close event says where no close frame came or went.
    pub(crate) const LOST: Self = Self {
        code: CloseCode::ABNORMAL,
        reason: Cow::Borrowed(""),
    };

    /// The same, with the limit at which that was given up.
    pub(crate) fn lost(by: Option<Limit>) -> Self {
        let reason = match by {
            None => return Self::LOST,
            Some(Limit::PongTimeout) => "no pong within pong-timeout",
            Some(Limit::WriteTimeout) => "nothing could be written for write-timeout",
            Some(_) => "no close frame could be written within close-timeout",
        };
        Self::new(CloseCode::ABNORMAL, reason)
    }

    pub(crate) fn new(code: CloseCode, reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self { code, reason }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A good handshake, and there is room. (A bad one never comes here: nothing was recorded.)
    Handshake,
    /// The entry is in the journal, on disk; or it is not and will not be.
    Recorded(bool),
    /// The call left the queue of calls: from now on the function may have seen it.
    Sent(Lane),
    /// The function takes messages of this connection while earlier ones are still handled. Comes before `Accepted`.
    Unordered,
    /// The connect call was answered: errNo 0 or not.
    Accepted,
    Refused,
    /// The 101 was written whole, or could not be.
    Upgraded(bool),
    /// A message was received and lies in the inbox.
    Message,
    /// The message call was answered with 200.
    Answered(Lane),
    /// The call was answered in time, and pushes inside the answer wait for room: it is no longer late.
    Delivering(Lane),
    /// The connect or message call has no answer.
    CallFailed(Lane, CallError),
    /// A pushed close is in the outbound queue, as its last.
    CloseQueued(Ending),
    /// A close frame was received.
    CloseReceived(Ending),
    /// The close frame last asked for left whole.
    CloseWritten,
    /// EOF or a socket error: no frame comes or goes any more.
    Gone,
    /// Nothing could be written, or no pong came, for as long as this limit says.
    Stalled(Limit),
    /// We end it; nothing that the client sends will be read when `broken`.
    End {
        ending: Ending,
        broken: bool,
    },
    /// The socket is closed, and its input drained.
    SocketEnded,
    /// The process is asked to end.
    Shutdown(Ending),
    /// The close event was answered with 200, or was not.
    CloseAnswered(bool),
    /// Time passed: see [`Machine::deadline`](super::Machine::deadline).
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Write an entry into the journal, then report [`Input::Recorded`]. The answer may come too late to be wanted.
    Record,
    /// Send the connect event; pushes are held from here on.
    CallConnect,
    /// Answer the handshake with this status.
    Reject(u16),
    /// Answer the handshake with what the function said.
    RefuseAsAnswered,
    /// Answer the handshake with 101, then report [`Input::Upgraded`].
    Upgrade,
    /// Let the held pushes out, and read.
    Open,
    /// Take the oldest message out of the inbox and send it.
    CallMessage(Lane),
    /// Tell the sender that its message failed.
    Tell(Lane, CallError),
    /// Out of Open: no more pushes, in no `members`, `alive` or broadcast. What is queued is dropped.
    Seal,
    /// Write this close frame at the next frame boundary, then report [`Input::CloseWritten`].
    SendClose(Ending),
    /// Write the answer to the client's close frame there, then report [`Input::CloseWritten`].
    AnswerClose,
    /// Close the sending side, drain input, then report [`Input::SocketEnded`].
    Shut,
    /// Close the socket at once.
    Cut,
    /// So many messages of the inbox are dropped: count and log them.
    DropMessages(usize),
    /// Give the call up.
    AbandonCall(Lane),
    /// Send the close event, the first time or again.
    CallClose(Ending),
    /// The close event was retried for too long: log and count it.
    GiveUp,
    /// Remove the entry, its rooms and what is held for it.
    Forget,
    /// Nothing is left to do.
    End,
}
