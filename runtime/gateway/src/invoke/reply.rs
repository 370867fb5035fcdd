//! What functions answer.

use std::borrow::Cow;
use std::fmt;

use wsfn_protocol::{Kind, Reply, ReplyPush};

use super::{InvokeAnswer, InvokeError};

/// The largest reply that is read: SCF's own limit (583/11637).
pub(super) const REPLY_MAX: usize = 6 << 20;

/// What a reply says: for a connect all of it, for others only what is to be sent to the sender.
pub(crate) fn read(kind: Kind, body: &[u8]) -> Result<InvokeAnswer, InvokeError> {
    let mut answer = InvokeAnswer::ok();
    let text = match (std::str::from_utf8(body), kind) {
        (Ok(text), _) => text,
        (Err(error), Kind::Connect) => {
            return Err(failed(format!("not a reply: not UTF-8: {error}")));
        }
        // Whatever a function answers here, no gateway looks at it.
        (Err(_), _) => return Ok(answer),
    };
    match kind {
        Kind::Connect => {
            let reply = Reply::parse(text).map_err(failed)?;
            answer.err_no = reply.err_no;
            answer.err_msg = Cow::Owned(reply.err_msg.into_owned());
            answer.protocol = reply
                .websocket
                .as_ref()
                .and_then(|socket| socket.protocol())
                .map(str::to_owned);
            answer.unordered = reply.unordered;
            answer.pushes = owned(reply.pushes);
        }
        Kind::Message => match Reply::parse_pushes(text) {
            Ok(pushes) => answer.pushes = owned(pushes),
            // The event was handled; the rest of the answer is beside the point.
            Err(error) => tracing::warn!("pushes in a reply are lost: {error}"),
        },
        Kind::Close => {}
    }
    Ok(answer)
}

fn owned(pushes: Vec<ReplyPush<'_>>) -> Vec<ReplyPush<'static>> {
    pushes.into_iter().map(ReplyPush::into_owned).collect()
}

pub(super) fn failed(why: impl fmt::Display) -> InvokeError {
    InvokeError::Failed(why.to_string().into())
}
