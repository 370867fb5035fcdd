//! The numbers in `errNo`.

/// What a number in `errNo` means.
///
/// `0`, `101` and `102` are the protocol's own (Tencent Cloud, document 583/31438); `1001` to `1007` are what a
/// function of this framework answers to an event, and `1101` to `1107` what our gateway answers to a push. A
/// function may use any other number for reasons of its own.
///
/// ```
/// use wsfn_protocol::{Answer, ErrNo, samples};
/// let answer = Answer::parse(samples::answer::GONE.as_bytes()).unwrap();
/// assert_eq!(answer.err_no(), ErrNo::GONE);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrNo(pub i64);

impl ErrNo {
    /// Accepted, delivered, done.
    pub const OK: Self = Self(0);
    /// A register event without `requestContext`.
    pub const NO_REQUEST_CONTEXT: Self = Self(101);
    /// An event without `websocket`.
    pub const NO_WEBSOCKET: Self = Self(102);
    /// The event is not JSON, has a field of a wrong type or lacks one.
    pub const BAD_EVENT: Self = Self(1001);
    /// Nobody handles this message or action.
    pub const NO_HANDLER: Self = Self(1002);
    /// An argument of the handler could not be made from the event.
    pub const REJECTED: Self = Self(1003);
    /// The handler returned an error.
    pub const FAILED: Self = Self(1004);
    /// The handler panicked.
    pub const PANICKED: Self = Self(1005);
    /// The handler was not done when the deadline of its invocation came near.
    pub const TIMED_OUT: Self = Self(1006);
    /// None of the sub-protocols that the client offered is spoken.
    pub const NO_PROTOCOL: Self = Self(1007);
    /// There is no such connection, or not any more.
    pub const GONE: Self = Self(1101);
    /// Larger than a limit.
    pub const TOO_LARGE: Self = Self(1102);
    /// The connection's outbound queue is full.
    pub const QUEUE_FULL: Self = Self(1103);
    /// Not a push.
    pub const BAD_PUSH: Self = Self(1104);
    /// Not allowed to push.
    pub const FORBIDDEN: Self = Self(1105);
    /// The session changed since the version that was named.
    pub const CONFLICT: Self = Self(1106);
    /// The gateway is busy or draining.
    pub const BUSY: Self = Self(1107);

    /// The HTTP status with which our push endpoint sends this number.
    ///
    /// ```
    /// use wsfn_protocol::ErrNo;
    /// assert_eq!(ErrNo::GONE.http_status(), 410);
    /// assert_eq!(ErrNo::OK.http_status(), 200);
    /// ```
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::GONE => 410,
            Self::TOO_LARGE => 413,
            Self::QUEUE_FULL => 429,
            Self::BAD_PUSH => 400,
            Self::FORBIDDEN => 403,
            Self::CONFLICT => 409,
            Self::BUSY => 503,
            _ => 200,
        }
    }
}
