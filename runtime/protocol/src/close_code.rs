//! Close codes (RFC 6455, section 7.4) and which of them may stand in a frame.

/// The number in a close frame.
///
/// ```
/// use wsfn_protocol::CloseCode;
/// assert!(CloseCode(1000).may_be_sent());
/// assert!(CloseCode(4000).may_be_sent());
/// assert!(!CloseCode::ABNORMAL.may_be_sent());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// Done; also a pushed close without a code.
    pub const NORMAL: Self = Self(1000);
    /// The gateway is shutting down.
    pub const GOING_AWAY: Self = Self(1001);
    /// The client broke the WebSocket protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// The close frame had no code. Never in a frame.
    pub const NO_STATUS: Self = Self(1005);
    /// The connection ended without a close frame. Never in a frame.
    pub const ABNORMAL: Self = Self(1006);
    /// A text message that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// The client sent more messages a second than allowed.
    pub const POLICY: Self = Self(1008);
    /// A message above the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// The function failed.
    pub const FUNCTION_FAILED: Self = Self(1011);
    /// The function is not reachable, or its queue is full.
    pub const TRY_AGAIN: Self = Self(1013);
    /// The function refused the connection.
    pub const REFUSED: Self = Self(4403);
    /// Neither side sent a message for the idle time.
    pub const IDLE: Self = Self(4408);

    /// The most bytes that a reason may have: a control frame has 125, of which the code takes two.
    pub const REASON_MAX: usize = 123;

    /// Whether this code may stand in a close frame, from either side.
    #[must_use]
    pub const fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}
