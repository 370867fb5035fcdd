//! What an event brings of its connection's session.

use std::sync::{Arc, LazyLock};

use hyper::HeaderMap;
use wsfn_protocol::{Answer, SessionValue, header};

/// What most connections have, made once.
static NONE: LazyLock<Arc<SessionValue>> = LazyLock::new(|| Arc::new(SessionValue::none()));

/// What an event brings of its connection's session.
#[derive(Debug, Clone, Default)]
pub(crate) enum Carried {
    /// Nothing: it has to be asked for.
    #[default]
    Nothing,
    /// That none was set, as with most connections.
    None,
    /// The session itself.
    #[cfg(feature = "gateway")]
    Value(Arc<SessionValue>),
    /// The value of `Wsfn-Session`, which is read only for handlers that ask.
    Header(Arc<str>),
}

impl Carried {
    /// From the headers of an event.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let header = headers.get(header::SESSION);
        header
            .and_then(|value| value.to_str().ok())
            .map_or(Self::Nothing, |text| match text {
                "0" => Self::None,
                text => Self::Header(text.into()),
            })
    }

    /// From a gateway in this process.
    #[cfg(feature = "gateway")]
    pub(crate) fn from_call(session: Option<Arc<SessionValue>>) -> Self {
        session.map_or(Self::None, Self::Value)
    }

    /// The session; `None` where it has to be asked for.
    pub(crate) fn read(&self) -> Option<Arc<SessionValue>> {
        match self {
            Self::Nothing => None,
            Self::None => Some(Arc::clone(&NONE)),
            #[cfg(feature = "gateway")]
            Self::Value(session) => Some(Arc::clone(session)),
            Self::Header(text) => SessionValue::from_header(text).map(Arc::new),
        }
    }
}

/// The session in an answer of the gateway.
pub(super) fn answered(answer: Answer) -> SessionValue {
    let none = SessionValue::none();
    SessionValue {
        value: answer.value.unwrap_or(none.value),
        version: answer.version.unwrap_or(none.version),
    }
}
