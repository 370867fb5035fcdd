//! What a decoder found.

use std::borrow::Cow;

use wsfn_protocol::CloseCode;

/// A message or control frame from the client.
///
/// A frame that was whole in the read buffer is borrowed from it; one that had to be put together or inflated is owned,
/// so that the decoder keeps nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A whole text message.
    Text(Cow<'a, str>),
    /// A whole binary message.
    Binary(Cow<'a, [u8]>),
    /// To be answered with a pong of the same payload, at most 125 bytes.
    Ping(Cow<'a, [u8]>),
    /// The answer to a ping of ours, or a heartbeat nobody asked for.
    Pong(Cow<'a, [u8]>),
    /// The client's close; nothing is decoded after it.
    Close(CloseFrame<'a>),
}

impl Event<'_> {
    /// Whether this is a text or binary message, not a control frame.
    #[must_use]
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }

    /// The same, independent of the read buffer.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Text(text) => Event::Text(Cow::Owned(text.into_owned())),
            Self::Binary(data) => Event::Binary(Cow::Owned(data.into_owned())),
            Self::Ping(data) => Event::Ping(Cow::Owned(data.into_owned())),
            Self::Pong(data) => Event::Pong(Cow::Owned(data.into_owned())),
            Self::Close(CloseFrame { code, reason }) => Event::Close(CloseFrame {
                code,
                reason: Cow::Owned(reason.into_owned()),
            }),
        }
    }
}

/// What a close frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame<'a> {
    /// `None` for an empty frame, which a close event reports as 1005.
    pub code: Option<CloseCode>,
    /// At most 123 bytes, empty where there is no code.
    pub reason: Cow<'a, str>,
}
