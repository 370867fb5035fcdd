//! The answers to the handshake.

use super::{Driver, Pending};
use crate::connection::respond::{self, Answer};
use crate::hub::id::shown;
use crate::hub::outbound::Flush;
use crate::invoke::InvokeAnswer;
use crate::limit::Limit;
use crate::machine::Input;
use crate::socket::{Reader, Writer};

impl Driver<'_> {
    /// Answers the handshake with 101; held pushes follow it.
    pub(super) fn upgrade(&mut self) {
        let Some(pending) = self.handshake.take() else {
            return self.feed(Input::Upgraded(false));
        };
        let Pending {
            handshake,
            writer,
            protocol,
            slot,
            ..
        } = *pending;
        drop(slot);
        let protocol =
            handshake.choose_protocol(protocol.as_deref(), &self.service.route, self.shared);
        let head = handshake.accepted(protocol);
        let flushed = {
            let mut out = self.peer.out();
            out.open(writer, head);
            if self.shared.is_draining() {
                out.ask_shutdown();
            }
            out.flush(self.shared.hub.memory())
        };
        self.feed(Input::Upgraded(flushed != Flush::Failed));
    }

    /// Answers the handshake with a status; the socket is left to a task of its own.
    pub(super) fn reject(&mut self, status: u16) {
        if let (Some(pending), Some(reader)) = (self.handshake.take(), self.reader.take()) {
            tracing::debug!(
                connection = shown(self.peer.id()),
                status,
                "handshake rejected"
            );
            let response = match pending.is_one_too_many {
                true => respond::busy(Limit::InvokeQueue),
                false => respond::status(status),
            };
            self.answer_and_close(response, reader, pending.writer);
            self.release_socket();
        }
    }

    /// Answers the handshake with what the function said.
    pub(super) fn refuse(&mut self) {
        if let (Some(pending), Some(reader)) = (self.handshake.take(), self.reader.take()) {
            let answer = pending.answer.unwrap_or_else(InvokeAnswer::ok);
            tracing::debug!(
                connection = shown(self.peer.id()),
                err_no = answer.err_no.0,
                "handshake refused by the function"
            );
            let response = pending.handshake.refused(
                answer.err_no,
                &answer.err_msg,
                self.service.options.refuse,
            );
            self.answer_and_close(response, reader, pending.writer);
            self.release_socket();
        }
    }

    /// The place is kept as long as the socket is.
    fn answer_and_close(&mut self, answer: Answer, reader: Reader, writer: Writer) {
        let timeout = self.service.options.write_timeout;
        self.shared.hub.counters().turned_away(answer.status);
        let place = self.place.take().map(|place| place.connection);
        tokio::spawn(async move {
            respond::write_and_close(answer, reader, writer, timeout).await;
            drop(place);
        });
    }
}
