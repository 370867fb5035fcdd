//! Pushes that came inside an answer: they wait for room, at most `write-timeout`, and the next message with them.

use std::vec::IntoIter;

use tokio::time::Instant;
use wsfn_protocol::{CloseCode, ReplyPush};

use crate::hub::Hub;
use crate::hub::id::shown;
use crate::hub::outbound::{Gate, NotQueued};
use crate::hub::peer::Peer;
use crate::limit::Limit;
use crate::machine::Input;

/// The pushes of one answer, and what the machine is told when they are out.
#[derive(Debug)]
pub(super) struct Replies {
    pushes: IntoIter<ReplyPush<'static>>,
    /// The one that found no room.
    front: Option<ReplyPush<'static>>,
    /// Of those that are not queued yet.
    bytes: usize,
    until: Instant,
    input: Input,
}

/// How far they came.
pub(super) enum Next {
    /// All are queued or dropped.
    Done(Input),
    /// One waits for room.
    NoRoom,
}

impl Replies {
    pub(super) fn new(pushes: Vec<ReplyPush<'static>>, until: Instant, input: Input) -> Self {
        Self {
            bytes: pushes.iter().map(size).sum(),
            pushes: pushes.into_iter(),
            front: None,
            until,
            input,
        }
    }

    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    /// Bytes of the pushes that wait.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Queues what there is room for. Gone or too large is logged, for there is nobody to answer.
    pub(super) fn next(&mut self, hub: &Hub, peer: &Peer) -> Next {
        loop {
            // One that waits was counted when it began to.
            let waited = self.front.is_some();
            let Some(push) = self.front.take().or_else(|| self.pushes.next()) else {
                return Next::Done(self.input.clone());
            };
            let queued = match &push {
                ReplyPush::Send(data) if !hub.fits(&data.data) => {
                    hub.counters().reached(Limit::MaxMessage);
                    log(peer, "larger than max-message");
                    self.bytes = self.bytes.saturating_sub(size(&push));
                    continue;
                }
                ReplyPush::Send(data) => hub.try_send_to(peer, data),
                ReplyPush::Close { code, reason } => {
                    let code = code.map_or(CloseCode::NORMAL, CloseCode);
                    hub.close_peer(peer, code, reason.as_deref().unwrap_or_default())
                }
            };
            if let (Err(NotQueued::Full(limit)), false) = (queued, waited) {
                hub.counters().reached(limit);
            }
            match queued {
                Ok(()) => {}
                Err(NotQueued::Gone) => {
                    log(peer, "the connection is closed");
                    self.pushes = Vec::new().into_iter();
                }
                // What is held goes out only after the answer that this one came with.
                Err(NotQueued::Full(_)) if peer.out().gate == Gate::Held => {
                    log(peer, "the connection's queue is full");
                }
                Err(NotQueued::Full(_)) => {
                    self.front = Some(push);
                    return Next::NoRoom;
                }
            }
            self.bytes = self.bytes.saturating_sub(size(&push));
        }
    }

    /// There was no room for too long.
    pub(super) fn give_up(self, peer: &Peer) -> Input {
        log(peer, "no room within write-timeout");
        self.input
    }
}

/// Bytes of a push.
fn size(push: &ReplyPush<'_>) -> usize {
    match push {
        ReplyPush::Send(payload) => payload.data.as_bytes().len(),
        ReplyPush::Close { reason, .. } => reason.as_ref().map_or(0, |reason| reason.len()),
    }
}

fn log(peer: &Peer, why: &str) {
    tracing::warn!(
        connection = shown(peer.id()),
        why,
        "a push inside a reply is dropped"
    );
}
