//! Why an event is none, as the function has to answer it.

use std::fmt;

use crate::code::ErrNo;
use crate::data::DataError;
use crate::text::FieldError;

/// Why a text is no event. The [number](Self::err_no) and the text (its `Display`) are what the function answers.
///
/// ```
/// use wsfn_protocol::{ErrNo, Event};
///
/// let error = Event::parse(r#"{"websocket":{"action":"closing"}}"#, None).unwrap_err();
/// assert_eq!(error.err_no(), ErrNo::BAD_EVENT);
/// assert_eq!(error.to_string(), "websocket.secConnectionID: missing field");
/// ```
#[derive(Debug)]
pub struct EventError(Why);

#[derive(Debug)]
pub(super) enum Why {
    Json(serde_json::Error),
    NoRequestContext,
    NoWebsocketOnRegister,
    NoWebsocketOnTransfer,
    Field(FieldError),
    Data(DataError),
    RequestContext(String),
    UnknownAction(String),
}

impl EventError {
    /// `errNo` of the answer: 101 and 102 as Tencent's samples have them, 1001 for what cannot be read, 1002 for an
    /// action that nobody knows.
    #[must_use]
    pub const fn err_no(&self) -> ErrNo {
        match self.0 {
            Why::NoRequestContext => ErrNo::NO_REQUEST_CONTEXT,
            Why::NoWebsocketOnRegister | Why::NoWebsocketOnTransfer => ErrNo::NO_WEBSOCKET,
            Why::UnknownAction(_) => ErrNo::NO_HANDLER,
            Why::Json(_) | Why::Field(_) | Why::Data(_) | Why::RequestContext(_) => {
                ErrNo::BAD_EVENT
            }
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Json(error) => write!(f, "not an event: {error}"),
            // The samples' texts, to the letter (583/31438).
            Why::NoRequestContext => f.write_str("not found request context"),
            Why::NoWebsocketOnRegister => f.write_str("not found websocket"),
            Why::NoWebsocketOnTransfer => f.write_str("not found web socket"),
            Why::Field(error) => error.fmt(f),
            Why::Data(error) => error.fmt(f),
            Why::RequestContext(error) => write!(f, "requestContext: {error}"),
            Why::UnknownAction(action) => write!(
                f,
                "websocket.action: expected `connecting`, `data send` or `closing`, found `{action}`"
            ),
        }
    }
}

impl std::error::Error for EventError {}

impl From<Why> for EventError {
    fn from(why: Why) -> Self {
        Self(why)
    }
}

impl From<serde_json::Error> for EventError {
    fn from(error: serde_json::Error) -> Self {
        Self(Why::Json(error))
    }
}
