//! Calls to the function, and what their answers mean.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tokio::time::Instant;
use wsfn_protocol::{Data, ErrNo, Kind, Note, Payload, ReplyPush};

use super::{Answered, Driver, InFlight, Running};
use crate::connection::replies::{Next, Replies};
use crate::counters::{self, OUTCOMES};
use crate::hub::id::shown;
use crate::invoke::{Call, InvokeAnswer, InvokeError};
use crate::limit::Limit;
use crate::machine::{CallError, Input, Lane};

impl<'s> Driver<'s> {
    /// Starts a call, or waits for a place among the calls.
    pub(super) fn call(&mut self, lane: Lane, kind: Kind, event: Arc<str>, request_id: Arc<str>) {
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
            Some(permit) => self.send(lane, call, permit),
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
                let running = Running {
                    kind,
                    request_id: call.request_id.clone(),
                    flight: InFlight::Waiting(wait, Box::new(call)),
                };
                self.calls.put(lane, running);
            }
        }
    }

    fn send(&mut self, lane: Lane, mut call: Call, permit: SemaphorePermit<'s>) {
        let timeout = self.service.options.limits.invoke_timeout;
        call.deadline = self.now + timeout;
        call.session = self.peer.session();
        let kind = call.kind;
        let request_id = call.request_id.clone();
        tracing::trace!(
            connection = shown(&call.connection_id),
            request_id = &*call.request_id,
            ?kind,
            "call"
        );
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
        let running = Running {
            kind,
            request_id,
            flight: InFlight::Fresh(answer, permit),
        };
        self.calls.put(lane, running);
    }

    /// Looks at every call; the first that has ended is what happened.
    pub(super) fn poll_calls(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        for lane in 0..self.calls.end() {
            if let Poll::Ready(input) = self.poll_call(lane, cx) {
                return Poll::Ready(input);
            }
        }
        Poll::Pending
    }

    fn poll_call(&mut self, lane: Lane, cx: &mut Context<'_>) -> Poll<Input> {
        loop {
            let Some(running) = self.calls.get_mut(lane) else {
                return Poll::Pending;
            };
            let answered = match &mut running.flight {
                InFlight::Waiting(permit, _) => match ready!(permit.as_mut().poll(cx)) {
                    Ok(permit) => {
                        if let Some(InFlight::Waiting(_, call)) =
                            self.calls.take(lane).map(|running| running.flight)
                        {
                            self.send(lane, *call, permit);
                        }
                        continue;
                    }
                    Err(error) => Err(error),
                },
                InFlight::Fresh(..) => {
                    self.begin(lane);
                    continue;
                }
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
            let Some(running) = self.calls.take(lane) else {
                return Poll::Pending;
            };
            let kind = running.kind;
            if let Err(error) = &answered {
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    request_id = &*running.request_id,
                    ?kind,
                    %error,
                    "a call to the function came to nothing"
                );
            }
            match (&answered, &mut self.handshake) {
                // The machine counts one that is late by its own clock.
                (Err(InvokeError::TimedOut), _) if !self.machine.is_late(lane) => {
                    self.reached(Limit::InvokeTimeout);
                }
                (Err(InvokeError::QueueFull), Some(pending)) => pending.is_one_too_many = true,
                _ => {}
            }
            self.count(&running, answered.as_ref());
            drop(running);
            // The events behind a connect have traces of their own.
            self.client_trace = None;
            return match self.answered(lane, kind, answered) {
                Some(input) => Poll::Ready(input),
                // Pushes of the answer go first; then the input comes from there.
                None => Poll::Pending,
            };
        }
    }

    /// A call is polled for the first time next. Only then the machine hears that it was sent, and sends another one: so
    /// that a handler of this process does not begin before that of an earlier message.
    fn begin(&mut self, lane: Lane) {
        let Some(Running {
            kind,
            request_id,
            flight: InFlight::Fresh(answer, permit),
        }) = self.calls.take(lane)
        else {
            return;
        };
        let flight = InFlight::Running(answer, permit, self.now);
        let running = Running {
            kind,
            request_id,
            flight,
        };
        self.calls.put(lane, running);
        self.feed(Input::Sent(lane));
    }

    /// Counts a call that has ended, and tells those of it who follow calls one by one.
    pub(super) fn count(
        &self,
        running: &Running<'_>,
        answered: Result<&InvokeAnswer, &InvokeError>,
    ) {
        let kind = running.kind;
        let took = match running.flight {
            InFlight::Running(_, _, since) => self.now.duration_since(since),
            InFlight::Waiting(..) | InFlight::Fresh(..) => Duration::ZERO,
        };
        let refused = |answer: &InvokeAnswer| kind == Kind::Connect && answer.err_no.0 != 0;
        let answered = answered.map(refused);
        tracing::trace!(
            // A name of its own: the command makes the spans of a collector of these lines.
            target: "wsfn::call",
            connection = shown(self.peer.id()),
            request_id = &*running.request_id,
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
    fn answered(&mut self, lane: Lane, kind: Kind, answered: Answered) -> Option<Input> {
        let answer = match answered {
            Ok(mut answer) => {
                // It is taken when the sender is told.
                let was_told = self.asked.take(lane).is_none() && self.service.options.limits.tell;
                if was_told && kind == Kind::Message {
                    answer.pushes.retain(|push| !says_timed_out(push));
                }
                answer
            }
            Err(error) => {
                return Some(match (kind, error) {
                    (Kind::Close, _) => Input::CloseAnswered(false),
                    (_, InvokeError::NotSent) => Input::CallFailed(lane, CallError::NotSent),
                    (_, InvokeError::QueueFull) => Input::CallFailed(lane, CallError::QueueFull),
                    (_, InvokeError::TimedOut) => Input::CallFailed(lane, CallError::Late),
                    (_, InvokeError::Failed(_)) => Input::CallFailed(lane, CallError::Failed),
                });
            }
        };
        let input = match kind {
            Kind::Connect if answer.err_no.0 == 0 => {
                if answer.unordered {
                    self.feed(Input::Unordered);
                }
                Input::Accepted
            }
            Kind::Connect => {
                if let Some(pending) = &mut self.handshake {
                    pending.answer = Some(answer);
                }
                return Some(Input::Refused);
            }
            Kind::Message => Input::Answered(lane),
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
        // Behind those of an answer that came before, if they wait.
        if self.replies.is_empty()
            && let Next::Done(input) = replies.next(&self.shared.hub, &self.peer)
        {
            return Some(input);
        }
        self.feed(Input::Delivering(lane));
        let held = self.shared.hub.hold(replies.bytes());
        self.replies.push_back((Box::new(replies), held));
        None
    }

    pub(super) fn poll_replies(&mut self) -> Poll<Input> {
        let Some((mut replies, held)) = self.replies.pop_front() else {
            return Poll::Pending;
        };
        // What moves into the connection's queue is counted there.
        drop(held);
        match replies.next(&self.shared.hub, &self.peer) {
            Next::Done(input) => {
                self.forget_replies();
                Poll::Ready(input)
            }
            Next::NoRoom => {
                let held = self.shared.hub.hold(replies.bytes());
                self.replies.push_front((replies, held));
                Poll::Pending
            }
        }
    }

    /// The pushes that have waited for longest find no room in time.
    pub(super) fn give_up_replies(&mut self) -> Option<Input> {
        let (replies, _) = self.replies.pop_front()?;
        self.forget_replies();
        Some(replies.give_up(&self.peer))
    }

    /// Room for answers that wait is no memory of an idle connection.
    fn forget_replies(&mut self) {
        if self.replies.is_empty() {
            self.replies = VecDeque::new();
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
