//! Does what the state machine says, with a real socket, a real clock and a real function.
//!
//! The handler runs on the task of its socket: [`Driver::poll`] polls the call in flight beside the socket and the
//! timer, so a connection is one task and nothing has to be handed over.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, Sleep};
use wsfn_protocol::{CloseCode, Data, Kind};

use super::event;
use super::inbox::{Inbox, Undecoded};
use super::replies::{Next, Replies};
use super::respond::{self, Handshake};
use crate::codec::{self, Decoder, scratch};
use crate::hub::id::shown;
use crate::hub::outbound::Flush;
use crate::hub::peer::Peer;
use crate::invoke::{BoxFuture, Call, InvokeAnswer, InvokeError};
use crate::machine::{CallError, Ending, Input, Machine, Output, Phase};
use crate::shared::{Shared, Slot};

/// How soon reading is tried again after all queues together were full: nobody says when there is room.
const MEMORY_RETRY: Duration = Duration::from_millis(100);
/// How many reads one poll does before it lets other tasks run.
const READS_PER_POLL: usize = 8;

type Answered = Result<InvokeAnswer, InvokeError>;

/// The call to the function.
enum InFlight<'s> {
    /// For a place among the calls.
    Waiting(
        BoxFuture<'s, Result<SemaphorePermit<'s>, InvokeError>>,
        Box<Call>,
    ),
    Running(
        BoxFuture<'s, Answered>,
        #[expect(dead_code, reason = "held")] SemaphorePermit<'s>,
    ),
}

/// One connection from its registration to its end.
pub(super) struct Driver<'s> {
    shared: &'s Shared,
    peer: Arc<Peer>,
    machine: Machine,
    outputs: Vec<Output>,
    reader: Option<OwnedReadHalf>,
    decoder: Decoder,
    inbox: Inbox,
    call: Option<(Kind, InFlight<'s>)>,
    /// Pushes of the last answer that wait for room.
    replies: Option<Box<Replies>>,
    /// What the handshake still needs; gone once it is answered.
    handshake: Option<Box<Pending<'s>>>,
    /// The answer to the client's close frame.
    close_answer: Option<Bytes>,
    sleep: Pin<Box<Sleep>>,
    /// When anything came in.
    last_read: Instant,
    /// When a message came in.
    last_message: Instant,
    ping_sent: Option<Instant>,
    /// Since when a message is incomplete.
    message_since: Option<Instant>,
    memory_full: bool,
    was_paused: bool,
    /// Until when input is drained, and how much of it still may be.
    linger: Option<(Instant, usize)>,
    seq: u64,
    /// The same for every delivery of the close event.
    close_id: Option<Arc<str>>,
    ended: bool,
}

/// A handshake that waits for the function.
pub(super) struct Pending<'s> {
    pub(super) handshake: Handshake,
    pub(super) writer: OwnedWriteHalf,
    pub(super) event: Arc<str>,
    pub(super) request_id: Arc<str>,
    pub(super) slot: Slot<'s>,
    /// What the function said when it refused.
    pub(super) answer: Option<InvokeAnswer>,
    /// The sub-protocol that it chose.
    pub(super) protocol: Option<String>,
}

impl<'s> Driver<'s> {
    pub(super) fn new(
        shared: &'s Shared,
        peer: Arc<Peer>,
        decoder: Decoder,
        reader: OwnedReadHalf,
        undecoded: &[u8],
        pending: Pending<'s>,
    ) -> Self {
        let now = Instant::now();
        let mut inbox = Inbox::default();
        // What came in the packet of the handshake waits for Open.
        inbox.keep(Undecoded::new(undecoded));
        Self {
            shared,
            machine: Machine::new(getrandom::u32().unwrap_or(1)),
            peer,
            outputs: Vec::new(),
            reader: Some(reader),
            decoder,
            inbox,
            call: None,
            replies: None,
            handshake: Some(Box::new(pending)),
            close_answer: None,
            sleep: Box::pin(tokio::time::sleep_until(now)),
            last_read: now,
            last_message: now,
            ping_sent: None,
            message_since: None,
            memory_full: false,
            was_paused: false,
            linger: None,
            seq: 0,
            close_id: None,
            ended: false,
        }
    }

    /// Lives the connection's life.
    pub(super) async fn run(mut self) {
        self.handle(Input::Handshake);
        while !self.ended {
            if let Some(input) = poll_fn(|cx| self.poll(cx)).await {
                self.handle(input);
            } else {
                self.apply_all();
            }
        }
    }

    fn handle(&mut self, input: Input) {
        self.feed(input);
        self.apply_all();
    }

    fn apply_all(&mut self) {
        // Doing one thing may report the next (a 101 that was written at once).
        while !self.outputs.is_empty() {
            let mut outputs = std::mem::take(&mut self.outputs);
            for output in outputs.drain(..) {
                self.apply(output);
            }
            if self.outputs.is_empty() {
                // Its room is kept: a message needs it again.
                self.outputs = outputs;
            }
        }
    }

    fn feed(&mut self, input: Input) {
        let limits = &self.shared.options.limits;
        self.machine
            .handle(Instant::now(), input, limits, &mut self.outputs);
    }

    fn apply(&mut self, output: Output) {
        match output {
            Output::CallConnect => {
                if let Some(pending) = &self.handshake {
                    let (event, id) = (pending.event.clone(), pending.request_id.clone());
                    self.call(Kind::Connect, event, id);
                }
            }
            Output::Reject(status) => self.reject(status),
            Output::RefuseAsAnswered => self.refuse(),
            Output::Upgrade => self.upgrade(),
            Output::Open => {
                tracing::debug!(connection = shown(self.peer.id()), "open");
                let now = Instant::now();
                self.last_read = now;
                self.last_message = now;
            }
            Output::CallMessage => {
                if let Some(event) = self.inbox.pop(self.shared.hub.memory()) {
                    let id = self.shared.request_id();
                    self.call(Kind::Message, event, id);
                }
            }
            Output::Tell(error) => self.tell(error),
            Output::Seal => self.shared.hub.seal(&self.peer),
            Output::SendClose(ending) => {
                tracing::debug!(
                    connection = shown(self.peer.id()),
                    code = ending.code.0,
                    reason = &*ending.reason,
                    "closing"
                );
                let frame = codec::close::frame(ending.code, &ending.reason);
                self.peer.out().send_close(frame);
            }
            Output::AnswerClose => {
                if let Some(frame) = self.close_answer.take() {
                    self.peer.out().send_close(frame);
                }
            }
            Output::Shut => {
                self.shared.hub.shut(&self.peer);
                let until = Instant::now() + codec::close::LINGER_TIME;
                self.linger = Some((until, codec::close::LINGER_BYTES));
            }
            Output::Cut => {
                self.shared.hub.shut(&self.peer);
                self.reader = None;
                self.linger = None;
                self.handshake = None;
            }
            Output::DropMessages(count) => {
                self.inbox.drop_messages(count, self.shared.hub.memory());
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    count,
                    "received messages are dropped: their connection ended before the function could take them"
                );
            }
            Output::AbandonCall => {
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    "a call did not end within call-grace and is given up"
                );
                self.call = None;
            }
            Output::CallClose(ending) => {
                let id = self
                    .close_id
                    .get_or_insert_with(|| self.shared.request_id())
                    .clone();
                let event = event::close(self.peer.id(), &ending);
                self.call(Kind::Close, event, id);
            }
            Output::GiveUp => tracing::error!(
                connection = shown(self.peer.id()),
                "the close event was not answered within close-retry-for and is given up"
            ),
            Output::Forget => self.shared.hub.forget(&self.peer),
            Output::End => self.ended = true,
        }
    }

    /// Starts a call, or waits for a place among the calls.
    fn call(&mut self, kind: Kind, event: Arc<str>, request_id: Arc<str>) {
        let timeout = self.shared.options.limits.invoke_timeout;
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
            deadline: Instant::now() + timeout,
            request_id,
        };
        let shared = self.shared;
        match shared.calls.try_enter(kind) {
            Some(permit) => self.send(call, permit),
            None => {
                let wait = Box::pin(shared.calls.enter(kind, bytes, timeout));
                self.call = Some((kind, InFlight::Waiting(wait, Box::new(call))));
            }
        }
    }

    fn send(&mut self, mut call: Call, permit: SemaphorePermit<'s>) {
        let now = Instant::now();
        let timeout = self.shared.options.limits.invoke_timeout;
        call.deadline = now + timeout;
        let kind = call.kind;
        tracing::trace!(
            connection = shown(&call.connection_id),
            request_id = &*call.request_id,
            ?kind,
            "call"
        );
        self.feed(Input::Sent);
        let shared = self.shared;
        let answer = shared.invoke.invoke(call);
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
        self.call = Some((kind, InFlight::Running(answer, permit)));
    }

    /// Waits for whatever comes first; `None` when the machine was told already.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        if let Poll::Ready(input) = self.poll_call(cx) {
            return Poll::Ready(Some(input));
        }
        if let Poll::Ready(input) = self.poll_out(cx) {
            return Poll::Ready(Some(input));
        }
        if let Poll::Ready(input) = self.poll_replies() {
            return Poll::Ready(Some(input));
        }
        if let Poll::Ready(input) = self.poll_read(cx) {
            return Poll::Ready(input);
        }
        if !self.outputs.is_empty() {
            return Poll::Ready(None);
        }
        self.poll_timer(cx).map(Some)
    }

    fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        if self.replies.is_some() {
            return Poll::Pending;
        }
        loop {
            let Some((kind, flight)) = &mut self.call else {
                return Poll::Pending;
            };
            let kind = *kind;
            let answered = match flight {
                InFlight::Waiting(permit, _) => match ready!(permit.as_mut().poll(cx)) {
                    Ok(permit) => {
                        if let Some((_, InFlight::Waiting(_, call))) = self.call.take() {
                            self.send(*call, permit);
                        }
                        continue;
                    }
                    Err(error) => Err(error),
                },
                InFlight::Running(answer, _) => {
                    // A handler that panics must not take the close event of its connection along.
                    match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
                        Ok(answer) => ready!(answer),
                        Err(_) => Err(InvokeError::Failed("the call panicked".into())),
                    }
                }
            };
            self.call = None;
            if let Some(input) = self.answered(kind, answered) {
                return Poll::Ready(input);
            }
            // Pushes of the answer go first; then the input comes from there.
            return Poll::Pending;
        }
    }

    /// What an answer means; `None` while its pushes have to go out first.
    fn answered(&mut self, kind: Kind, answered: Answered) -> Option<Input> {
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    ?kind,
                    %error,
                    "a call to the function came to nothing"
                );
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
        let until = Instant::now() + self.shared.options.write_timeout;
        let mut replies = Replies::new(answer.pushes, until, input);
        match replies.next(&self.shared.hub, &self.peer) {
            Next::Done(input) => Some(input),
            Next::NoRoom => {
                self.replies = Some(Box::new(replies));
                None
            }
        }
    }

    fn poll_replies(&mut self) -> Poll<Input> {
        let Some(replies) = &mut self.replies else {
            return Poll::Pending;
        };
        match replies.next(&self.shared.hub, &self.peer) {
            Next::Done(input) => {
                self.replies = None;
                Poll::Ready(input)
            }
            Next::NoRoom => Poll::Pending,
        }
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        loop {
            let mut out = self.peer.out();
            if let Some(ending) = out.take_pushed_close() {
                return Poll::Ready(Input::CloseQueued(*ending));
            }
            if out.take_shutdown() {
                let ending = Ending::new(CloseCode::GOING_AWAY, "the server restarts");
                return Poll::Ready(Input::Shutdown(ending));
            }
            let flushed = out.flush(self.shared.hub.memory());
            out.set_waker(cx.waker());
            if out.take_close_written() {
                return Poll::Ready(Input::CloseWritten);
            }
            match flushed {
                Flush::Empty => return Poll::Pending,
                Flush::Failed if self.reader.is_some() && self.handshake.is_none() => {
                    return Poll::Ready(Input::Gone);
                }
                Flush::Failed => return Poll::Pending,
                Flush::Blocked => {}
            }
            drop(out);
            let Some(reader) = &self.reader else {
                return Poll::Pending;
            };
            if ready!(reader.as_ref().poll_write_ready(cx)).is_err() {
                return Poll::Ready(Input::Gone);
            }
        }
    }

    /// Whether the socket is read at the moment.
    fn is_paused(&mut self) -> bool {
        if !self.machine.takes_messages() {
            return false;
        }
        let options = &self.shared.options;
        self.memory_full = self.shared.hub.is_memory_full();
        self.memory_full
            || self
                .inbox
                .is_full(options.in_max_messages, options.in_max_bytes)
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        if let Some((_, left)) = &mut self.linger {
            return discard(self.reader.as_mut(), left, cx).map(Some);
        }
        if !self.machine.reads() {
            return Poll::Pending;
        }
        if self.is_paused() {
            self.was_paused = true;
            return Poll::Pending;
        }
        if std::mem::take(&mut self.was_paused) {
            self.resume();
        }
        if let Some(mut kept) = self.inbox.take_undecoded() {
            let (consumed, input) = self.decode(kept.rest());
            self.inbox.keep(kept.advanced(consumed));
            if input.is_some() {
                return Poll::Ready(input);
            }
            if self.is_paused() {
                self.was_paused = true;
                return Poll::Pending;
            }
        }
        for _ in 0..READS_PER_POLL {
            let Some(mut reader) = self.reader.take() else {
                return Poll::Pending;
            };
            // The buffer is the thread's: it is lent for this closure and holds nothing afterwards.
            let result = scratch::with_read(|buffer| {
                let mut read = ReadBuf::new(buffer);
                match Pin::new(&mut reader).poll_read(cx, &mut read) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Err(_)) => Poll::Ready(Some(Input::Gone)),
                    Poll::Ready(Ok(())) if read.filled().is_empty() => {
                        Poll::Ready(Some(Input::Gone))
                    }
                    Poll::Ready(Ok(())) => {
                        self.last_read = Instant::now();
                        self.ping_sent = None;
                        let bytes = read.filled_mut();
                        let (consumed, input) = self.decode(bytes);
                        self.inbox.keep(Undecoded::new(&bytes[consumed..]));
                        Poll::Ready(input)
                    }
                }
            });
            self.reader = Some(reader);
            if let Some(input) = ready!(result) {
                return Poll::Ready(Some(input));
            }
            if !self.outputs.is_empty() {
                // A message is due: its call goes before the next read.
                return Poll::Ready(None);
            }
            if self.is_paused() {
                self.was_paused = true;
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reading goes on. What came meanwhile was not looked at, so its absence says nothing.
    fn resume(&mut self) {
        let now = Instant::now();
        self.last_read = now;
        self.last_message = now;
        self.ping_sent = None;
        if self.message_since.is_some() {
            self.message_since = Some(now);
        }
    }

    /// Decodes until nothing is left, the inbox is full, or something comes that ends the reading. Says how much was
    /// consumed.
    fn decode(&mut self, bytes: &mut [u8]) -> (usize, Option<Input>) {
        let mut consumed = 0;
        loop {
            let rest = &mut bytes[consumed..];
            let last = rest.len();
            let (used, event) = match self.decoder.decode(rest) {
                Ok(decoded) => decoded,
                Err(error) => {
                    let ending = Ending::new(error.close_code(), error.reason());
                    let broken = true;
                    return (bytes.len(), Some(Input::End { ending, broken }));
                }
            };
            consumed += used;
            match event {
                None if used == last => {
                    self.note_progress();
                    return (consumed, None);
                }
                None | Some(codec::Event::Pong(_)) => {}
                Some(codec::Event::Text(text)) => self.received(Data::Text(text)),
                Some(codec::Event::Binary(data)) => self.received(Data::Binary(data)),
                Some(codec::Event::Ping(payload)) => {
                    self.peer.out().set_pong(codec::control::pong(&payload));
                    self.flush_soon();
                }
                Some(codec::Event::Close(close)) => {
                    self.close_answer = Some(codec::close::answer(&close));
                    let code = close.code.unwrap_or(CloseCode::NO_STATUS);
                    let ending = Ending::new(code, close.reason.into_owned());
                    return (bytes.len(), Some(Input::CloseReceived(ending)));
                }
            }
            if self.is_paused() {
                return (consumed, None);
            }
        }
    }

    /// A message is complete: it is the function's, unless the end has begun.
    fn received(&mut self, data: Data<'_>) {
        self.message_since = None;
        if !self.machine.takes_messages() {
            return;
        }
        self.last_message = self.last_read;
        let event = event::message(self.peer.id(), data);
        self.inbox.push(event, self.shared.hub.memory());
        self.feed(Input::Message);
    }

    fn note_progress(&mut self) {
        self.message_since = if self.decoder.is_within_message() {
            self.message_since.or(Some(self.last_read))
        } else {
            None
        };
    }

    /// Writes what is queued now rather than at the next poll.
    fn flush_soon(&self) {
        let _ = self.peer.out().flush(self.shared.hub.memory());
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        loop {
            let now = Instant::now();
            if let Some(input) = self.due(now) {
                return Poll::Ready(input);
            }
            let Some(next) = self.next_deadline() else {
                return Poll::Pending;
            };
            // A timer that rings too early costs less than one that is set anew at every message.
            if self.sleep.is_elapsed() || next < self.sleep.deadline() {
                self.sleep.as_mut().reset(next);
            }
            ready!(self.sleep.as_mut().poll(cx));
        }
    }

    /// What the time says, if anything.
    fn due(&mut self, now: Instant) -> Option<Input> {
        let options = &self.shared.options;
        let passed = |deadline: Option<Instant>| deadline.is_some_and(|at| now >= at);
        if passed(self.machine.deadline(&options.limits)) {
            return Some(Input::Tick);
        }
        if let Some((until, _)) = self.linger {
            return (now >= until).then_some(Input::SocketEnded);
        }
        if passed(self.write_deadline()) {
            return Some(Input::Gone);
        }
        if passed(self.replies.as_ref().map(|replies| replies.until())) {
            let replies = self.replies.take()?;
            return Some(replies.give_up(&self.peer));
        }
        if self.machine.phase() != Phase::Open || self.was_paused {
            return None;
        }
        if passed(self.pong_deadline()) {
            return Some(Input::Gone);
        }
        if passed(self.ping_deadline()) {
            self.ping_sent = Some(now);
            self.peer.out().set_ping(codec::control::ping());
            self.flush_soon();
        }
        if passed(self.idle_deadline()) {
            return Some(Input::End {
                ending: Ending::new(CloseCode::IDLE, "idle"),
                broken: false,
            });
        }
        if passed(self.message_deadline()) {
            return Some(Input::End {
                ending: Ending::new(
                    CloseCode::POLICY,
                    "a message took longer than message-timeout",
                ),
                broken: false,
            });
        }
        None
    }

    fn next_deadline(&self) -> Option<Instant> {
        let open = self.machine.phase() == Phase::Open;
        let reading = open && !self.was_paused;
        [
            self.machine.deadline(&self.shared.options.limits),
            self.linger.map(|(until, _)| until),
            self.write_deadline(),
            self.replies.as_ref().map(|replies| replies.until()),
            self.pong_deadline().filter(|_| reading),
            self.ping_deadline().filter(|_| reading),
            self.idle_deadline().filter(|_| reading),
            self.message_deadline().filter(|_| reading),
            (open && self.memory_full).then(|| Instant::now() + MEMORY_RETRY),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn write_deadline(&self) -> Option<Instant> {
        self.reader.as_ref()?;
        Some(self.peer.out().blocked_since()? + self.shared.options.write_timeout)
    }

    fn pong_deadline(&self) -> Option<Instant> {
        Some(self.ping_sent? + self.shared.options.pong_timeout)
    }

    fn ping_deadline(&self) -> Option<Instant> {
        // One ping at a time: the next is due when something has come in.
        (self.ping_sent.is_none()).then(|| self.last_read + self.shared.options.ping_interval)
    }

    fn idle_deadline(&self) -> Option<Instant> {
        let idle = self.shared.options.idle_timeout?;
        let sent = self.peer.out().last_message();
        Some(sent.map_or(self.last_message, |sent| sent.max(self.last_message)) + idle)
    }

    fn message_deadline(&self) -> Option<Instant> {
        Some(self.message_since? + self.shared.options.message_timeout)
    }

    /// Answers the handshake with 101; held pushes follow it.
    fn upgrade(&mut self) {
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
        let protocol = handshake.choose_protocol(protocol.as_deref(), self.shared);
        let head = handshake.accepted(protocol);
        let flushed = {
            let mut out = self.peer.out();
            out.open(writer, head);
            out.flush(self.shared.hub.memory())
        };
        self.feed(Input::Upgraded(flushed != Flush::Failed));
    }

    /// Answers the handshake with a status; the socket is left to a task of its own.
    fn reject(&mut self, status: u16) {
        if let (Some(pending), Some(reader)) = (self.handshake.take(), self.reader.take()) {
            tracing::debug!(
                connection = shown(self.peer.id()),
                status,
                "handshake rejected"
            );
            let response = respond::status(status);
            self.answer_and_close(response, reader, pending.writer);
        }
    }

    /// Answers the handshake with what the function said.
    fn refuse(&mut self) {
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
                self.shared.options.refuse,
            );
            self.answer_and_close(response, reader, pending.writer);
        }
    }

    fn answer_and_close(&self, response: Bytes, reader: OwnedReadHalf, writer: OwnedWriteHalf) {
        let timeout = self.shared.options.write_timeout;
        tokio::spawn(respond::write_and_close(response, reader, writer, timeout));
    }

    /// Tells the sender of a message that it failed, where the connection lives on.
    fn tell(&self, error: CallError) {
        let frame = self.shared.hub.encode(&respond::failed_message(error));
        if self.shared.hub.send_to(&self.peer, &frame).is_err() {
            tracing::debug!(
                connection = shown(self.peer.id()),
                "the sender of a failed message could not be told"
            );
        }
    }
}

/// Reads and throws away, so that no RST eats the close frame.
fn discard(
    reader: Option<&mut OwnedReadHalf>,
    left: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<Input> {
    let Some(reader) = reader else {
        return Poll::Ready(Input::SocketEnded);
    };
    loop {
        let read = scratch::with_read(|buffer| {
            let mut read = ReadBuf::new(buffer);
            let result = Pin::new(&mut *reader).poll_read(cx, &mut read);
            result.map_ok(|()| read.filled().len())
        });
        match ready!(read) {
            Ok(count) if count > 0 && count < *left => *left -= count,
            _ => return Poll::Ready(Input::SocketEnded),
        }
    }
}
