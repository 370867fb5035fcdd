//! The connection's entry in the journal.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::Driver;
use crate::machine::{Ending, Input};

impl Driver<'_> {
    /// Writes the entry.
    pub(super) fn record(&mut self) {
        let (Some(journal), Some(pending)) = (self.shared.hub.journal(), &mut self.handshake)
        else {
            // The machine asks for it only where there is one.
            return self.feed(Input::Recorded(false));
        };
        let number = journal.number();
        pending.recording = Some(journal.record(number, self.peer.id(), &self.service.route));
        self.recorded = Some(number);
    }

    /// Whether the entry is on disk.
    pub(super) fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        let Some(pending) = &mut self.handshake else {
            return Poll::Pending;
        };
        let Some(recording) = &mut pending.recording else {
            return Poll::Pending;
        };
        let recorded = ready!(Pin::new(recording).poll(cx)).unwrap_or(false);
        pending.recording = None;
        Poll::Ready(Input::Recorded(recorded))
    }

    /// What the close event says goes into the journal, for the case that the process ends before it is answered. Gives
    /// the event's id.
    pub(super) fn record_ending(&mut self, ending: &Ending) -> Arc<str> {
        if let (Some(journal), Some(number)) = (self.shared.hub.journal(), self.recorded) {
            journal.ended(number, self.peer.id(), &self.service.route, ending);
            return journal.event_id(number);
        }
        self.close_id
            .get_or_insert_with(|| self.shared.request_id())
            .clone()
    }

    /// Removes the entry.
    pub(super) fn remove_record(&mut self) {
        if let (Some(journal), Some(number)) = (self.shared.hub.journal(), self.recorded.take()) {
            journal.remove(number);
        }
    }
}
