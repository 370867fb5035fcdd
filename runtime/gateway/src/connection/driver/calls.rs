//! Calls to the function, and what their answers mean.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use wsfn_protocol::{Data, ErrNo, Kind, Note, Payload, ReplyPush};

use super::{Answered, Driver, InFlight};
use crate::connection::replies::{Next, Replies};
use crate::counters::{self, OUTCOMES};
use crate::hub::id::shown;
use crate::invoke::{Call, InvokeAnswer, InvokeError};
use crate::limit::Limit;
use crate::machine::{CallError, Input};

impl<'s> Driver<'s> {
    /// Starts a call, or waits for a place among the calls.
    pub(super) fn call(&mut self, kind: Kind, event: Arc<str>, request_id: Arc<str>) {
        let timeout = self.service.options.limits.invoke_timeout;
        let bytes = event.len();
        // A close that is sent again keeps the number of its first sending.
        let seq = self.seq;
        if kind != Kind::Close {
            self.seq += 1;
        }
        let call = Call {
            kind,
            event,
            connection_id: self.peer.id().clone(),
            event_id: request_id.clone(),
            seq: Some(seq),
            session: None,
            deadline: self.now + timeout,
            request_id,
            client_trace: self.client_trace.clone(),
        };
        let service = self.service;
        match service.calls.try_enter(kind) {
            Some(permit) => self.send(call, permit),
            None => {
                self.reached(match kind {
                    Kind::Close => Limit::CloseMax,
                    Kind::Connect | Kind::Message => Limit::InvokeMax,
                });
                let counters = self.shared.hub.counters();
                // It has left the inbox, and waits in another queue now.
                let held = self.shared.hub.hold(bytes);
                let wait = Box::pin(async move {
                    let place = service.calls.enter(kind, bytes, timeout, counters).await;
                    drop(held);
                    place
                });
                let id = call.request_id.clone();
                self.call = Some((kind, id, InFlight::Waiting(wait, Box::new(call))));
            }
        }
    }

    pub(super) fn send(&mut self, mut call: Call, permit: SemaphorePermit<'s>) {
        let now = self.now;
        let timeout = self.service.options.limits.invoke_timeout;
        call.deadline = now + timeout;
        call.session = self.peer.session();
        let kind = call.kind;
        let id = call.request_id.clone();
        tracing::trace!(
            connection = shown(&call.connection_id),
            request_id = &*call.request_id,
            ?kind,
            "call"
        );
        self.feed(Input::Sent);
        let service = self.service;
        let answer = service.invoke.invoke(call);
        let answer = if kind == Kind::Close {
            // The machine has no clock for it: a close that is late is simply sent again.
            Box::pin(async move {
                tokio::time::timeout(timeout, answer)
                    .await
                    .unwrap_or(Err(InvokeError::TimedOut))
            })
        } else {
            answer
        };
        self.call = Some((kind, id, InFlight::Running(answer, permit, now)));
    }

    pub(super) fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        if self.replies.is_some() {
            return Poll::Pending;
        }
        loop {
            let Some((kind, _, flight)) = &mut self.call else {
                return Poll::Pending;
            };
            let kind = *kind;
            let answered = match flight {
                InFlight::Waiting(permit, _) => match ready!(permit.as_mut().poll(cx)) {
                    Ok(permit) => {
                        if let Some((_, _, InFlight::Waiting(_, call))) = self.call.take() {
                            self.send(*call, permit);
                        }
                        continue;
                    }
                    Err(error) => Err(error),
                },
                InFlight::Running(answer, ..) => {
                    // A handler that panics must not take the close event of its connection along.
                    let polled = catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx)));
                    self.now = Instant::now();
                    match polled {
                        Ok(answer) => ready!(answer),
                        Err(_) => Err(InvokeError::Failed("the call panicked".into())),
                    }
                }
            };
            if let (Err(error), Some((_, id, _))) = (&answered, &self.call) {
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    request_id = &**id,
                    ?kind,
                    %error,
                    "a call to the function came to nothing"
                );
            }
            match (&answered, &mut self.handshake) {
                // The machine counts one that is late by its own clock.
                (Err(InvokeError::TimedOut), _) if !self.machine.is_late() => {
                    self.reached(Limit::InvokeTimeout);
                }
                (Err(InvokeError::QueueFull), Some(pending)) => pending.is_one_too_many = true,
                _ => {}
            }
            self.count(kind, answered.as_ref());
            self.call = None;
            // The events behind a connect have traces of their own.
            self.client_trace = None;
            if let Some(input) = self.answered(kind, answered) {
                return Poll::Ready(input);
            }
            // Pushes of the answer go first; then the input comes from there.
            return Poll::Pending;
        }
    }

    /// Counts the call in flight, which has ended, and tells those of it who follow calls one by one.
    pub(super) fn count(&self, kind: Kind, answered: Result<&InvokeAnswer, &InvokeError>) {
        let took = match &self.call {
            Some((_, _, InFlight::Running(_, _, since))) => self.now.duration_since(*since),
            _ => Duration::ZERO,
        };
        let refused = |answer: &InvokeAnswer| kind == Kind::Connect && answer.err_no.0 != 0;
        let answered = answered.map(refused);
        tracing::trace!(
            // A name of its own: the command makes the spans of a collector of these lines.
            target: "wsfn::call",
            connection = shown(self.peer.id()),
            request_id = self.call.as_ref().map(|(_, id, _)| &**id),
            client_trace = self.client_trace.as_deref(),
            ?kind,
            outcome = OUTCOMES[counters::outcome(answered)],
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "a call ended"
        );
        // Without the feature nobody reads the numbers.
        if cfg!(feature = "metrics") {
            self.shared.hub.counters().call(kind, answered, took);
        }
    }

    /// What an answer means; `None` while its pushes have to go out first.
    pub(super) fn answered(&mut self, kind: Kind, answered: Answered) -> Option<Input> {
        let answer = match answered {
            Ok(mut answer) => {
                // It is taken when the sender is told.
                let was_told = self.asked.take().is_none() && self.service.options.limits.tell;
                if was_told && kind == Kind::Message {
                    answer.pushes.retain(|push| !says_timed_out(push));
                }
                answer
            }
            Err(error) => {
                return Some(match (kind, error) {
                    (Kind::Close, _) => Input::CloseAnswered(false),
                    (_, InvokeError::NotSent) => Input::CallFailed(CallError::NotSent),
                    (_, InvokeError::QueueFull) => Input::CallFailed(CallError::QueueFull),
                    (_, InvokeError::TimedOut) => Input::CallFailed(CallError::Late),
                    (_, InvokeError::Failed(_)) => Input::CallFailed(CallError::Failed),
                });
            }
        };
        let input = match kind {
            Kind::Connect if answer.err_no.0 == 0 => Input::Accepted,
            Kind::Connect => {
                if let Some(pending) = &mut self.handshake {
                    pending.answer = Some(answer);
                }
                return Some(Input::Refused);
            }
            Kind::Message => Input::Answered,
            Kind::Close => return Some(Input::CloseAnswered(true)),
        };
        if let (Some(pending), Kind::Connect) = (&mut self.handshake, kind) {
            pending.protocol = answer.protocol;
        }
        if answer.pushes.is_empty() {
            return Some(input);
        }
        let until = self.now + self.service.options.write_timeout;
        let mut replies = Replies::new(answer.pushes, until, input);
        match replies.next(&self.shared.hub, &self.peer) {
            Next::Done(input) => Some(input),
            Next::NoRoom => {
                self.feed(Input::Delivering);
                let held = self.shared.hub.hold(replies.bytes());
                self.replies = Some((Box::new(replies), held));
                None
            }
        }
    }

    pub(super) fn poll_replies(&mut self) -> Poll<Input> {
        let Some((mut replies, held)) = self.replies.take() else {
            return Poll::Pending;
        };
        // What moves into the connection's queue is counted there.
        drop(held);
        match replies.next(&self.shared.hub, &self.peer) {
            Next::Done(input) => Poll::Ready(input),
            Next::NoRoom => {
                let held = self.shared.hub.hold(replies.bytes());
                self.replies = Some((replies, held));
                Poll::Pending
            }
        }
    }
}

/// Whether a push is a note that the handler did not end in time: the gateway has said so where the call is late.
fn says_timed_out(push: &ReplyPush<'_>) -> bool {
    let ReplyPush::Send(Payload {
        data: Data::Text(text),
        ..
    }) = push
    else {
        return false;
    };
    Note::err_no_of(text) == Some(ErrNo::TIMED_OUT)
}
