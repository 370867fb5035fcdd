//! Why a connection must be closed by the server.

use std::{error::Error, fmt};

use wsfn_protocol::CloseCode;

/// What a client did that ends its connection; each has the close code that RFC 6455, section 7.4.1 gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A frame without a mask.
    Unmasked,
    /// A reserved bit that no negotiated extension gives a meaning, or a compressed continuation or control frame.
    ReservedBit,
    /// An opcode that RFC 6455 reserves.
    Opcode(u8),
    /// A control frame that is fragmented or longer than 125 bytes.
    Control,
    /// A length that is not in its shortest form, or whose top bit is set.
    Length,
    /// A continuation without a message to continue, or a new message within a fragmented one.
    Continuation,
    /// A close frame of one byte, or with a code that may not be sent.
    Close,
    /// Text, or the reason of a close, that is not UTF-8.
    Utf8,
    /// A compressed message that is not a whole deflate stream.
    Deflate,
    /// A message, announced or inflated, above `max-message`.
    MessageTooBig,
    /// A frame above `max-frame`.
    FrameTooBig,
    /// A message in more fragments than [`FRAGMENTS_MAX`](super::FRAGMENTS_MAX).
    TooManyFragments,
}

impl ProtocolError {
    /// The code for the close frame that tells the client.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Unmasked
            | Self::ReservedBit
            | Self::Opcode(_)
            | Self::Control
            | Self::Length
            | Self::Continuation
            | Self::Close => CloseCode::PROTOCOL,
            Self::Utf8 | Self::Deflate => CloseCode::INVALID_DATA,
            Self::MessageTooBig | Self::FrameTooBig | Self::TooManyFragments => CloseCode::TOO_BIG,
        }
    }

    /// What to write into that close frame: always within 123 bytes, nothing of the client's in it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unmasked => "frame without a mask",
            Self::ReservedBit => "reserved bit without an extension",
            Self::Opcode(_) => "reserved opcode",
            Self::Control => "control frame fragmented or above 125 bytes",
            Self::Length => "length not in its shortest form",
            Self::Continuation => "continuation out of place",
            Self::Close => "malformed close frame",
            Self::Utf8 => "text is not UTF-8",
            Self::Deflate => "not a deflate stream",
            Self::MessageTooBig => "message above max-message",
            Self::FrameTooBig => "frame above max-frame",
            Self::TooManyFragments => "too many fragments",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())?;
        match self {
            Self::Opcode(opcode) => write!(f, " {opcode:#x}"),
            _ => Ok(()),
        }
    }
}

impl Error for ProtocolError {}
