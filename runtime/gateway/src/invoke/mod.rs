//! Where functions live, as the gateway sees them.

mod client;
#[cfg(unix)]
pub(crate) mod exec;
mod http;
pub(crate) mod reply;
pub(crate) mod scf;
mod slots;
pub(crate) mod trace;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;
use wsfn_protocol::{ErrNo, Kind, ReplyPush, SessionValue};

#[cfg(unix)]
pub use exec::ExecFunction;
pub use http::HttpFunction;
pub use scf::ScfFunction;
pub use slots::Slots;

/// A future that is boxed, because [`Invoke`] stands behind a pointer.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What answers events: an app in this process, or a way to one elsewhere.
///
/// The gateway calls it for one event of a connection at a time, unless its answer to the connect event said
/// [`unordered`](InvokeAnswer::unordered), and never drops the future before
/// [`Call::deadline`] has passed for long, except when the whole process ends.
///
/// ```
/// use wsfn_gateway::{BoxFuture, Call, Invoke, InvokeAnswer, InvokeError};
/// use wsfn_protocol::{Data, Event, ReplyPush};
///
/// /// Sends everything back.
/// struct Echo;
///
/// impl Invoke for Echo {
///     fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
///         Box::pin(async move {
///             let mut answer = InvokeAnswer::ok();
///             if let Ok(Event::Message(message)) = Event::parse(&call.event, None) {
///                 answer.pushes.push(ReplyPush::Send(message.data.into_owned().into()));
///             }
///             Ok(answer)
///         })
///     }
/// }
/// ```
pub trait Invoke: Send + Sync + 'static {
    /// Answers one event.
    ///
    /// # Errors
    /// When there is no answer: see [`InvokeError`] for what the client is told then.
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>>;
}

/// What the processes of commands are at.
#[cfg(feature = "metrics")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Processes {
    pub(crate) starting: usize,
    pub(crate) idle: usize,
    pub(crate) busy: usize,
    /// Events that had to wait for one, because there may be no more (`exec-max`).
    pub(crate) kept_waiting: u64,
}

#[cfg(feature = "metrics")]
impl std::ops::AddAssign for Processes {
    fn add_assign(&mut self, other: Self) {
        self.starting += other.starting;
        self.idle += other.idle;
        self.busy += other.busy;
        self.kept_waiting += other.kept_waiting;
    }
}

/// One event on its way to a function.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which of the three events.
    pub kind: Kind,
    /// The event: the very JSON that Tencent's gateway would send.
    pub event: Arc<str>,
    /// `secConnectionID`, as in the event.
    pub connection_id: Arc<str>,
    /// Unique per event; the same when a close event is delivered again (`Wsfn-Event-Id`).
    pub event_id: Arc<str>,
    /// Counts the events that were sent for this connection: 0 is the connect (`Wsfn-Seq`).
    pub seq: Option<u64>,
    /// The connection's session as it is now (`Wsfn-Session`); `None` where none was set.
    pub session: Option<Arc<SessionValue>>,
    /// When the gateway gives the answer up.
    pub deadline: Instant,
    /// The id of this call, for logs.
    pub request_id: Arc<str>,
    /// The `traceparent` of the client's request, where one of `trust-proxy` sent it: a connect goes on with that trace,
    /// every other event has one of its own.
    pub client_trace: Option<Arc<str>>,
}

impl Call {
    /// The value of the header `Wsfn-Session`.
    pub(crate) fn session_header(&self) -> Cow<'static, str> {
        match &self.session {
            Some(session) => session.to_header().into(),
            // Most connections have none, and that has to be said too.
            None => "0".into(),
        }
    }
}

/// What a function answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvokeAnswer {
    /// `errNo`; looked at for connect events only.
    pub err_no: ErrNo,
    /// `errMsg`; goes to a client that is refused.
    pub err_msg: Cow<'static, str>,
    /// The sub-protocol that the function chose of those that the client offered.
    pub protocol: Option<String>,
    /// Messages of the connection may come while earlier ones of it are still handled, sixteen at most; looked at for
    /// connect events only.
    pub unordered: bool,
    /// What to send to the sender of the event, after everything that the handler pushed meanwhile.
    pub pushes: Vec<ReplyPush<'static>>,
}

impl InvokeAnswer {
    /// `errNo` 0 and nothing else.
    #[must_use]
    pub const fn ok() -> Self {
        Self {
            err_no: ErrNo::OK,
            err_msg: Cow::Borrowed("ok"),
            protocol: None,
            unordered: false,
            pushes: Vec::new(),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvokeError {
    /// Provably never sent. A connect becomes 502; a message closes its connection with 1013.
    NotSent,
    /// Too many calls wait already. A connect becomes 503; a message closes its connection with 1013.
    QueueFull,
    /// Sent, and not answered in time. A connect becomes 504; a message closes its connection with 1011.
    TimedOut,
    /// Sent, and answered with garbage, with a failure, or cut off. A connect becomes 502; a message closes its
    /// connection with 1011. The text is for the log and never goes to a client.
    Failed(Cow<'static, str>),
}

impl InvokeError {
    /// Whether the function can have seen the event.
    #[must_use]
    pub const fn was_sent(&self) -> bool {
        matches!(self, Self::TimedOut | Self::Failed(_))
    }
}

impl fmt::Display for InvokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("the function is not reachable"),
            Self::QueueFull => f.write_str("the queue of calls is full (invoke-queue)"),
            Self::TimedOut => f.write_str("the function did not answer within invoke-timeout"),
            Self::Failed(why) => write!(f, "the call failed: {why}"),
        }
    }
}

impl std::error::Error for InvokeError {}
