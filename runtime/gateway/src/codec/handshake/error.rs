//! Why a request is not answered with 101.

use std::{error::Error, fmt};

/// What is wrong with a request, in the order in which it is looked for; each has the status that answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The head is larger than `header-max`.
    TooLarge,
    /// The head has more headers than any client sends.
    TooManyHeaders,
    /// It is no HTTP/1 request.
    Syntax,
    /// The head is not complete.
    Incomplete,
    /// The method is not GET.
    Method,
    /// The version of HTTP is not 1.1.
    HttpVersion,
    /// The target is neither a path nor a URL.
    Target,
    /// There is no `Host`, or more than one.
    Host,
    /// A body follows.
    Body,
    /// It does not ask for version 13 of the protocol, or not for it alone.
    Version,
    /// There is no `Sec-WebSocket-Key`, more than one, or one that is not 16 bytes in base64.
    Key,
}

impl HandshakeError {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::TooLarge | Self::TooManyHeaders => 431,
            Self::Version => 426,
            Self::Syntax
            | Self::Incomplete
            | Self::Method
            | Self::HttpVersion
            | Self::Target
            | Self::Host
            | Self::Body
            | Self::Key => 400,
        }
    }

    /// What the answer says, with nothing of the client's in it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "the head is larger than header-max",
            Self::TooManyHeaders => "the head has more than 100 headers",
            Self::Syntax => "not an HTTP/1.1 request",
            Self::Incomplete => "the head is not complete",
            Self::Method => "a handshake is a GET",
            Self::HttpVersion => "a handshake is HTTP/1.1",
            Self::Target => "a request asks for a path",
            Self::Host => "a request has one Host",
            Self::Body => "a handshake has no body",
            Self::Version => "only version 13 is spoken here",
            Self::Key => "Sec-WebSocket-Key is 16 bytes in base64",
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Error for HandshakeError {}
