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
    /// In the answer to a connect that is accepted.
    pub(crate) socket: Option<ReplySocket<'static>>,
    /// For the sender, once everything is delivered that the handler pushed itself.
    pub(crate) pushes: Vec<ReplyPush<'static>>,
    /// The event itself, where that is the answer.
    pub(crate) event: Option<Arc<str>>,
    /// Who the sender is, where the event could be read.
    pub(crate) id: Option<ConnectionId>,
}

impl Outcome {
    /// `errNo` 0.
    pub(super) const fn ok(id: ConnectionId) -> Self {
        Self {
            err_no: ErrNo::OK,
            err_msg: Cow::Borrowed("ok"),
            socket: None,
            pushes: Vec::new(),
            event: None,
            id: Some(id),
        }
    }

    /// Another number.
    pub(super) const fn failed(
        id: Option<ConnectionId>,
        err_no: ErrNo,
        err_msg: Cow<'static, str>,
    ) -> Self {
        Self {
            err_no,
            err_msg,
            socket: None,
            pushes: Vec::new(),
            event: None,
            id,
        }
    }

    /// The reply as it is sent, with the pushes inside where `carry` says that the gateway takes them there.
    pub(crate) fn into_json(self, carry: bool) -> String {
        if let Some(event) = self.event {
            return event.as_ref().to_owned();
        }
        let reply = Reply {
            err_no: self.err_no,
            err_msg: self.err_msg,
            websocket: self.socket,
            pushes: if carry { self.pushes } else { Vec::new() },
        };
        reply.to_json()
    }
}
