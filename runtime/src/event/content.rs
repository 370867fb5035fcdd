//! What the kinds of event have, each on its own, without a copy of what stands in the event's text.

use std::borrow::Cow;
use std::ops::Range;

use wsfn_protocol::{
    CloseEvent, ConnectEvent, Data, Event, EventError, Kind, MessageEvent, RequestContext,
};

use crate::connection_id::ConnectionId;
use crate::error::Rejection;
use crate::event::Body;
use crate::extract::explain::{self, Unescaped};

/// What an event has, by its kind. It borrows nothing, so that the text can go where the event goes.
#[derive(Debug)]
pub(crate) enum Content {
    Connect(Handshake),
    Message(Payload),
    Close(Leaving),
}

impl Content {
    /// Reads an event; `only` as in [`Event::parse`].
    ///
    /// # Errors
    /// As [`Event::parse`].
    pub(crate) fn read(raw: &str, only: Option<Kind>) -> Result<(ConnectionId, Self), EventError> {
        let piece = |text| Piece::new(raw, text);
        Ok(match Event::parse(raw, only)? {
            Event::Connect(ConnectEvent {
                connection_id,
                protocols,
                extensions,
                wrong_protocols,
                wrong_extensions,
                raw_request_context,
            }) => {
                let handshake = Handshake {
                    protocols: wrong_protocols.map_or(Ok(protocols.map(piece)), Err),
                    extensions: wrong_extensions.map_or(Ok(extensions.map(piece)), Err),
                    request_context: piece(raw_request_context),
                };
                (ConnectionId::new(connection_id), Self::Connect(handshake))
            }
            Event::Message(MessageEvent {
                connection_id,
                data,
            }) => {
                let kind = match data {
                    Data::Text(text) => PayloadKind::Text(piece(text)),
                    Data::Binary(bytes) => PayloadKind::Binary(bytes.into_owned()),
                };
                let payload = Payload {
                    kind,
                    unescaped: Unescaped::default(),
                };
                (ConnectionId::new(connection_id), Self::Message(payload))
            }
            Event::Close(CloseEvent {
                connection_id,
                code,
                reason,
            }) => {
                let leaving = Leaving {
                    code,
                    reason: reason.map(piece),
                };
                (ConnectionId::new(connection_id), Self::Close(leaving))
            }
        })
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Connect(_) => Kind::Connect,
            Self::Message(_) => Kind::Message,
            Self::Close(_) => Kind::Close,
        }
    }

    /// Whether a client that connects offers extensions: its answer says so too.
    pub(crate) const fn has_extensions(&self) -> bool {
        matches!(
            self,
            Self::Connect(Handshake {
                extensions: Ok(Some(_)) | Err(_),
                ..
            })
        )
    }
}

/// A string of the event: where it stands in the text, or, where it has escapes, what it says.
#[derive(Debug)]
pub(crate) enum Piece {
    Within(Range<usize>),
    Owned(Box<str>),
}

impl Piece {
    /// `text`, which was read from `raw`.
    pub(crate) fn new(raw: &str, text: Cow<'_, str>) -> Self {
        match text {
            Cow::Owned(text) => Self::Owned(text.into_boxed_str()),
            Cow::Borrowed(text) => {
                // Where a borrowed string stands in the text that it was borrowed from. Were it borrowed from
                // anywhere else, `get` would see that the range is none, and a copy is made instead.
                let start = (text.as_ptr() as usize).wrapping_sub(raw.as_ptr() as usize);
                let range = start..start.wrapping_add(text.len());
                match raw.get(range.clone()) {
                    Some(found) if found.as_ptr() == text.as_ptr() => Self::Within(range),
                    _ => Self::Owned(text.into()),
                }
            }
        }
    }

    /// The string again.
    pub(crate) fn get<'r>(&'r self, raw: &'r str) -> &'r str {
        match self {
            Self::Within(range) => raw.get(range.clone()).unwrap_or_default(),
            Self::Owned(text) => text,
        }
    }
}

/// What a connect event has.
#[derive(Debug)]
pub struct Handshake {
    /// An error is what stands there and is no string.
    pub(crate) protocols: Result<Option<Piece>, &'static str>,
    pub(crate) extensions: Result<Option<Piece>, &'static str>,
    pub(crate) request_context: Piece,
}

impl Handshake {
    /// `requestContext`, read each time it is asked for: most handlers never do.
    pub(crate) fn read_request_context<'r>(
        &'r self,
        raw: &'r str,
    ) -> Result<RequestContext<'r>, Rejection> {
        let text = self.request_context.get(raw);
        serde_json::from_str(text).map_err(|error| {
            let why = explain::json::<RequestContext<'_>>(text, &error);
            Rejection::new(format!("requestContext: {why}"))
        })
    }
}

/// What a message has.
#[derive(Debug)]
pub struct Payload {
    pub(crate) kind: PayloadKind,
    /// Empty until JSON with escapes is read into a `&str`.
    pub(crate) unescaped: Unescaped,
}

#[derive(Debug)]
pub(crate) enum PayloadKind {
    Text(Piece),
    Binary(Vec<u8>),
}

impl Payload {
    pub(crate) fn body<'r>(&'r self, raw: &'r str) -> Body<'r> {
        match &self.kind {
            PayloadKind::Text(text) => Body::Text(text.get(raw)),
            PayloadKind::Binary(bytes) => Body::Binary(bytes),
        }
    }
}

/// What a close event has.
#[derive(Debug)]
pub struct Leaving {
    pub(crate) code: Option<u16>,
    pub(crate) reason: Option<Piece>,
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::Piece;

    #[test]
    fn a_piece_of_the_text_is_not_copied() {
        let raw = String::from("abcädef");
        let piece = Piece::new(&raw, Cow::Borrowed(&raw[3..6]));
        assert!(matches!(&piece, Piece::Within(range) if *range == (3..6)));
        assert_eq!(piece.get(&raw), "äd");
    }

    #[test]
    fn a_string_from_elsewhere_is_copied() {
        let raw = String::from("abc");
        for piece in [
            Piece::new(&raw, Cow::Borrowed("abc")),
            Piece::new(&raw, Cow::Owned("abc".to_owned())),
        ] {
            assert!(matches!(piece, Piece::Owned(_)));
            assert_eq!(piece.get("something else"), "abc");
        }
    }
}
