//! Why a push was not taken.

use std::fmt;

#[cfg(feature = "gateway")]
use wsfn_protocol::Answer;
use wsfn_protocol::ErrNo;

/// The most characters of a gateway's own words that stand in an error.
const SHOWN: usize = 200;

/// Why a push was not taken by the gateway.
///
/// Neither its texts nor its `Debug` hold the push address or a token.
///
/// ```no_run
/// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// match push.text(id, "hello").await {
///     Ok(()) => println!("in its queue"),
///     Err(error) if error.is_gone() => println!("nobody there any more"),
///     Err(error) if error.is_throttled() => println!("try later"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
pub struct PushError(Box<Why>);

pub(crate) enum Why {
    /// `push-url` is not set.
    Unset,
    /// `push-url` cannot be used, or not for this.
    Unusable(String),
    /// The message cannot be encoded.
    Message(String),
    /// Provably not sent.
    NotSent(String),
    /// No answer in time.
    TimedOut,
    /// Sent, perhaps, and the connection broke.
    Broken(String),
    /// The gateway said no.
    Answered {
        status: Option<u16>,
        err_no: Option<i64>,
        err_msg: String,
        body: Vec<u8>,
    },
}

impl PushError {
    /// Whether the connection is there no more: HTTP 410, or errNo 1101. What Tencent's gateway answers for a dead
    /// connection is not documented.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("forget it: {}", error.is_gone());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.answered(ErrNo::GONE)
    }

    /// Whether the message is larger than a limit: HTTP 413, or errNo 1102.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("send less: {}", error.is_too_large());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.answered(ErrNo::TOO_LARGE)
    }

    /// Whether the gateway cannot take it now: the connection's queue is full (HTTP 429, errNo 1103) or the gateway
    /// is busy (HTTP 503, errNo 1107).
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("try later: {}", error.is_throttled());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.is_full() || self.answered(ErrNo::BUSY)
    }

    /// Whether the connection's queue is full: HTTP 429, or errNo 1103. The client reads more slowly than it is
    /// written to.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("it reads too slowly: {}", error.is_full());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.answered(ErrNo::QUEUE_FULL)
    }

    /// Whether there was no answer in time. The message may have been delivered.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("perhaps delivered: {}", error.is_timeout());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(*self.0, Why::TimedOut)
    }

    /// Whether the gateway cannot have seen it: nothing is set to push to, or the connection was refused.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("safe to send again: {}", error.is_not_sent());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        matches!(
            *self.0,
            Why::Unset | Why::Unusable(_) | Why::Message(_) | Why::NotSent(_)
        )
    }

    /// `errNo` of the gateway's answer.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("{:?}", error.err_no());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn err_no(&self) -> Option<i64> {
        match &*self.0 {
            Why::Answered { err_no, .. } => *err_no,
            _ => None,
        }
    }

    /// `errMsg` of the gateway's answer.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("{}", error.err_msg().unwrap_or_default());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn err_msg(&self) -> Option<&str> {
        match &*self.0 {
            Why::Answered { err_msg, .. } if !err_msg.is_empty() => Some(err_msg),
            _ => None,
        }
    }

    /// The HTTP status of the gateway's answer. `None` where there was none, or the gateway is in this process.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("HTTP {:?}", error.status());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &*self.0 {
            Why::Answered { status, .. } => *status,
            _ => None,
        }
    }

    /// The body of the gateway's answer, as it came.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, id: &wsfn::ConnectionId) {
    /// if let Err(error) = push.text(id, "hello").await {
    ///     println!("{} bytes", error.body().len());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match &*self.0 {
            Why::Answered { body, .. } => body,
            _ => &[],
        }
    }

    fn answered(&self, number: ErrNo) -> bool {
        match &*self.0 {
            Why::Answered { status, err_no, .. } => match err_no {
                Some(err_no) if *err_no != 0 => *err_no == number.0,
                _ => *status == Some(number.http_status()),
            },
            _ => false,
        }
    }

    /// The answer of a gateway in this process, if it is a yes.
    #[cfg(feature = "gateway")]
    pub(crate) fn check(answer: Answer) -> Result<Answer, Self> {
        if answer.err_no == 0 {
            return Ok(answer);
        }
        Err(Why::Answered {
            status: None,
            err_no: Some(answer.err_no),
            err_msg: answer.err_msg,
            body: Vec::new(),
        }
        .into())
    }

    /// What a report says of one connection.
    pub(super) fn of_one(err_no: i64) -> Self {
        let err_msg = match ErrNo(err_no) {
            ErrNo::GONE => "no such connection",
            ErrNo::TOO_LARGE => "larger than a limit",
            ErrNo::QUEUE_FULL => "its outbound queue is full",
            _ => "",
        };
        Why::Answered {
            status: None,
            err_no: Some(err_no),
            err_msg: err_msg.to_owned(),
            body: Vec::new(),
        }
        .into()
    }

    /// Whether this is an answer of our own gateway that says "later": worth another try.
    pub(super) fn asks_to_retry(&self) -> bool {
        let by_ours = matches!(
            self.err_no().map(ErrNo),
            Some(ErrNo::QUEUE_FULL | ErrNo::BUSY)
        );
        by_ours && matches!(self.status(), Some(429 | 503))
    }

    /// Whether the gateway cannot have seen it, and may be there a moment later.
    pub(super) fn was_refused(&self) -> bool {
        matches!(*self.0, Why::NotSent(_))
    }
}

impl From<Why> for PushError {
    fn from(why: Why) -> Self {
        Self(Box::new(why))
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Why::Unset => f.write_str(
                "push-url is not set: nothing can be pushed; set WSFN_PUSH_URL to the gateway's push address",
            ),
            Why::Unusable(why) => f.write_str(why),
            Why::Message(why) => write!(f, "the message cannot be written: {why}"),
            Why::NotSent(why) => write!(f, "the gateway at push-url is not reachable: {why}"),
            Why::TimedOut => f.write_str("the gateway at push-url did not answer in time"),
            Why::Broken(why) => write!(f, "the push broke off: {why}"),
            Why::Answered {
                status,
                err_no,
                err_msg,
                ..
            } => {
                f.write_str("the gateway did not take the push:")?;
                let mut separator = " ";
                if let Some(status) = status {
                    write!(f, "{separator}HTTP {status}")?;
                    separator = ", ";
                }
                if let Some(err_no) = err_no {
                    write!(f, "{separator}errNo {err_no}")?;
                    separator = ", ";
                }
                if !err_msg.is_empty() {
                    let end = err_msg
                        .char_indices()
                        .nth(SHOWN)
                        .map_or(err_msg.len(), |(end, _)| end);
                    write!(f, "{separator}`{}`", err_msg[..end].escape_debug())?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the body: who answered may have put anything there, the address too.
        write!(f, "PushError({self})")
    }
}

impl std::error::Error for PushError {}
