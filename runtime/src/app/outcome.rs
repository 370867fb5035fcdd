//! What came of an event, before it is written.

use std::borrow::Cow;
use std::sync::Arc;

use wsfn_protocol::{ErrNo, Reply, ReplyPush, ReplySocket};

use crate::connection_id::ConnectionId;

/// What came of an event.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) err_no: ErrNo,
    pub(crate) err_msg: Cow<'static, str>,
    /// Of a connect that is accepted.
    pub(crate) accepted: Option<Accepted>,
    /// Of the same: messages of the connection may be handled at once.
    pub(crate) unordered: bool,
    /// For the sender, once everything is delivered that the handler pushed itself.
    pub(crate) pushes: Vec<ReplyPush<'static>>,
    /// The event itself, where that is the answer.
    pub(crate) event: Option<Arc<str>>,
    /// Who the sender is, where the event could be read.
    pub(crate) id: Option<ConnectionId>,
    /// Of the invocation, for the log.
    pub(crate) request_id: Arc<str>,
}

/// What only the answer to a connect has.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// As the handler gave it: a function may echo the whole offer.
    pub(super) protocols: Option<String>,
    /// Whether the client offers extensions.
    pub(super) extensions: bool,
}

impl Outcome {
    /// `errNo` 0.
    pub(super) const fn ok(id: ConnectionId, request_id: Arc<str>) -> Self {
        Self::failed(Some(id), request_id, ErrNo::OK, Cow::Borrowed("ok"))
    }

    /// Another number.
    pub(super) const fn failed(
        id: Option<ConnectionId>,
        request_id: Arc<str>,
        err_no: ErrNo,
        err_msg: Cow<'static, str>,
    ) -> Self {
        Self {
            err_no,
            err_msg,
            accepted: None,
            unordered: false,
            pushes: Vec::new(),
            event: None,
            id,
            request_id,
        }
    }

    /// `websocket` of the answer to a connect.
    pub(crate) fn socket(&self) -> Option<ReplySocket<'_>> {
        let (id, accepted) = (self.id.as_ref()?, self.accepted.as_ref()?);
        Some(ReplySocket {
            connection_id: id.as_str().into(),
            protocols: accepted.protocols.as_deref().map(Into::into),
            extensions: accepted.extensions,
        })
    }

    /// The reply as it is sent, with the pushes and what else is ours inside where `ours` says that the gateway takes
    /// them there.
    pub(crate) fn into_json(mut self, ours: bool) -> String {
        if let Some(event) = self.event {
            return event.as_ref().to_owned();
        }
        let pushes = std::mem::take(&mut self.pushes);
        let reply = Reply {
            err_no: self.err_no,
            err_msg: Cow::Borrowed(&self.err_msg),
            websocket: self.socket(),
            pushes: if ours { pushes } else { Vec::new() },
            unordered: ours && self.unordered,
        };
        reply.to_json()
    }
}
