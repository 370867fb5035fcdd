//! Does what the state machine says, with a real socket, a real clock and a real function.
//!
//! The handler runs on the task of its socket: [`Driver::poll`] polls the calls in flight beside the socket and the
//! timer, so a connection is one task and nothing has to be handed over. There is one call, unless the function takes
//! messages unordered.

mod calls;
mod handshake;
mod journal;
mod reading;
mod timers;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::sync::{SemaphorePermit, oneshot};
use tokio::time::{Instant, Sleep};
use wsfn_protocol::{CloseCode, Kind};

use super::event;
use super::inbox::{Inbox, Undecoded};
use super::replies::Replies;
use super::respond::{self, Handshake};
use crate::codec::{self, Decoder, DecoderLimits};
use crate::hub::Held;
use crate::hub::id::shown;
use crate::hub::outbound::Flush;
use crate::hub::peer::Peer;
use crate::invoke::{BoxFuture, Call, InvokeAnswer, InvokeError};
use crate::limit::Limit;
use crate::machine::{ALONE, CallError, Ending, Input, Lane, Lanes, Machine, Output};
use crate::service::Service;
use crate::shared::{Place, Shared, Slot};
use crate::socket::{Reader, Writer};

type Answered = Result<InvokeAnswer, InvokeError>;

/// A call to the function.
struct Running<'s> {
    kind: Kind,
    /// For the log.
    request_id: Arc<str>,
    flight: InFlight<'s>,
}

/// What a call waits for.
enum InFlight<'s> {
    /// For a place among the calls.
    Waiting(
        BoxFuture<'s, Result<SemaphorePermit<'s>, InvokeError>>,
        Box<Call>,
    ),
    /// For its turn to be polled for the first time: until then the function cannot have seen it.
    Fresh(BoxFuture<'s, Answered>, SemaphorePermit<'s>),
    Running(
        BoxFuture<'s, Answered>,
        #[expect(dead_code, reason = "held")] SemaphorePermit<'s>,
        /// Since when.
        Instant,
    ),
}

/// One connection from its registration to its end.
pub(super) struct Driver<'s> {
    shared: &'s Shared,
    service: &'s Service,
    /// A place among `max-connections`, as long as there is a socket.
    place: Option<Place<'s>>,
    peer: Arc<Peer>,
    machine: Machine,
    outputs: Vec<Output>,
    reader: Option<Reader>,
    decoder: Decoder,
    inbox: Inbox,
    /// The calls in flight: one, unless the function takes messages unordered.
    calls: Lanes<Running<'s>>,
    /// The messages in flight, where their sender is to be told should they fail.
    asked: Lanes<Arc<str>>,
    /// Pushes of answers that wait for room, in the order in which the answers came.
    replies: VecDeque<(Box<Replies>, Held<'s>)>,
    /// The `traceparent` of the handshake, until the connect call is done.
    client_trace: Option<Arc<str>>,
    /// What the handshake still needs; gone once it is answered.
    handshake: Option<Box<Pending<'s>>>,
    /// The answer to the client's close frame.
    close_answer: Option<Bytes>,
    sleep: Pin<Box<Sleep>>,
    /// What time it was when the task woke, or when the function was last at work: reading the clock at every step
    /// costs more than most steps do.
    now: Instant,
    /// Nothing was left to do since, so that time has passed.
    has_waited: bool,
    /// Since when the socket takes nothing, as of the last look at the queue.
    blocked_since: Option<Instant>,
    /// When anything came in.
    last_read: Instant,
    /// When a message came in.
    last_message: Instant,
    /// Until when `max-rate` is used up.
    rate_used: Option<Instant>,
    ping_sent: Option<Instant>,
    /// Since when a message is incomplete.
    message_since: Option<Instant>,
    memory_full: bool,
    was_paused: bool,
    /// The pause is because all queues together are full.
    paused_for_memory: bool,
    /// Bytes of what was read and is no message yet, as they were counted last.
    held: usize,
    /// Until when input is drained, and how much of it still may be.
    linger: Option<(Instant, usize)>,
    seq: u64,
    /// The id of the close event, where there is no journal of which it follows: the same for every delivery.
    close_id: Option<Arc<str>>,
    /// Its number in the journal.
    recorded: Option<u64>,
    /// The hub does not know it any more.
    forgotten: bool,
    ended: bool,
}

/// A handshake that waits for the function.
pub(super) struct Pending<'s> {
    pub(super) handshake: Handshake,
    pub(super) writer: Writer,
    pub(super) event: Arc<str>,
    pub(super) request_id: Arc<str>,
    /// The trace that it goes on with.
    pub(super) client_trace: Option<Arc<str>>,
    pub(super) slot: Slot<'s>,
    /// Whether the connection is in the journal, once that is known.
    pub(super) recording: Option<oneshot::Receiver<bool>>,
    /// Its call found no place in the queue of calls.
    pub(super) is_one_too_many: bool,
    /// What the function said when it refused.
    pub(super) answer: Option<InvokeAnswer>,
    /// The sub-protocol that it chose.
    pub(super) protocol: Option<String>,
}

impl<'s> Driver<'s> {
    pub(super) fn new(
        shared: &'s Shared,
        service: &'s Service,
        place: Place<'s>,
        peer: Arc<Peer>,
        reader: Reader,
        undecoded: &[u8],
        mut pending: Pending<'s>,
    ) -> Self {
        let now = Instant::now();
        let limits = DecoderLimits {
            max_frame: service.options.max_frame,
            ..DecoderLimits::new(service.options.max_message)
        };
        let decoder = Decoder::new(limits, peer.deflate());
        let mut inbox = Inbox::default();
        // Without random numbers there were no id and no connection.
        let seed = shared
            .hub
            .chance()
            .number()
            .map_or(1, |number| number as u32);
        // What came in the packet of the handshake waits for Open.
        inbox.keep(Undecoded::new(undecoded));
        Self {
            shared,
            service,
            place: Some(place),
            machine: Machine::new(seed),
            peer,
            outputs: Vec::new(),
            reader: Some(reader),
            decoder,
            inbox,
            calls: Lanes::new(),
            asked: Lanes::new(),
            replies: VecDeque::new(),
            client_trace: pending.client_trace.take(),
            handshake: Some(Box::new(pending)),
            close_answer: None,
            sleep: Box::pin(tokio::time::sleep_until(now)),
            now,
            has_waited: true,
            blocked_since: None,
            last_read: now,
            last_message: now,
            rate_used: None,
            ping_sent: None,
            message_since: None,
            memory_full: false,
            was_paused: false,
            paused_for_memory: false,
            held: 0,
            linger: None,
            seq: 0,
            close_id: None,
            recorded: None,
            forgotten: false,
            ended: false,
        }
    }

    /// As much of the connection's id as stands in the log.
    pub(super) fn shown_id(&self) -> &str {
        shown(self.peer.id())
    }

    /// The `traceparent` of the client, where there is one.
    pub(super) fn client_trace(&self) -> Option<&str> {
        self.client_trace.as_deref()
    }

    /// Lives the connection's life.
    pub(super) async fn run(mut self: Box<Self>) {
        self.handle(Input::Handshake);
        while !self.ended {
            if let Some(input) = poll_fn(|cx| self.poll(cx)).await {
                self.handle(input);
            } else {
                self.apply_all();
            }
        }
    }

    /// Counts a limit that was reached.
    fn reached(&self, limit: Limit) {
        self.shared.hub.counters().reached(limit);
    }

    fn handle(&mut self, input: Input) {
        if input == Input::SocketEnded {
            self.release_socket();
        }
        self.feed(input);
        self.apply_all();
    }

    /// The socket is done; what is left of the connection is its close event.
    fn release_socket(&mut self) {
        self.reader = None;
        self.linger = None;
        self.place = None;
        // Nothing completes it any more, and the close event may have to wait for long.
        self.decoder.forget();
        self.inbox.keep(None);
        self.count_held();
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
        let limits = &self.service.options.limits;
        self.machine
            .handle(self.now, input, limits, &mut self.outputs);
    }

    fn apply(&mut self, output: Output) {
        match output {
            Output::Record => self.record(),
            Output::CallConnect => {
                if let Some(pending) = &self.handshake {
                    let (event, id) = (pending.event.clone(), pending.request_id.clone());
                    self.call(ALONE, Kind::Connect, event, id);
                }
            }
            Output::Reject(status) => self.reject(status),
            Output::RefuseAsAnswered => self.refuse(),
            Output::Upgrade => self.upgrade(),
            Output::Open => {
                tracing::debug!(connection = shown(self.peer.id()), "open");
                self.last_read = self.now;
                self.last_message = self.now;
            }
            Output::CallMessage(lane) => {
                if let Some(event) = self.inbox.pop(self.shared.hub.memory()) {
                    let id = self.shared.request_id();
                    if self.service.options.limits.tell {
                        self.asked.put(lane, Arc::clone(&event));
                    }
                    self.call(lane, Kind::Message, event, id);
                }
            }
            Output::Tell(lane, error) => self.tell(lane, error),
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
                let until = self.now + codec::close::LINGER_TIME;
                self.linger = Some((until, codec::close::LINGER_BYTES));
            }
            Output::Cut => {
                self.shared.hub.shut(&self.peer);
                self.release_socket();
                self.handshake = None;
            }
            Output::DropMessages(count) => {
                self.inbox.drop_messages(count, self.shared.hub.memory());
                self.shared
                    .hub
                    .counters()
                    .dropped_messages
                    .add(count as u64);
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    count,
                    "received messages are dropped: their connection ended before the function could take them"
                );
            }
            Output::AbandonCall(lane) => {
                tracing::warn!(
                    connection = shown(self.peer.id()),
                    "a call did not end within call-grace and is given up"
                );
                self.reached(Limit::CallGrace);
                if let Some(running) = self.calls.take(lane) {
                    self.count(&running, Err(&InvokeError::TimedOut));
                }
                self.client_trace = None;
            }
            Output::CallClose(ending) => {
                tracing::debug!(
                    connection = shown(self.peer.id()),
                    code = ending.code.0,
                    "closed"
                );
                let id = self.record_ending(&ending);
                let event = event::close(self.peer.id(), &ending);
                self.call(ALONE, Kind::Close, event, id);
            }
            Output::GiveUp => {
                self.reached(Limit::CloseRetryFor);
                self.shared.hub.counters().given_up_closes.add(1);
                tracing::error!(
                    connection = shown(self.peer.id()),
                    "the close event was not answered within close-retry-for and is given up"
                );
            }
            Output::Forget => {
                self.shared.hub.forget(&self.peer);
                self.forgotten = true;
                self.remove_record();
            }
            Output::End => self.ended = true,
        }
    }

    /// Waits for whatever comes first; `None` when the machine was told already.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        if self.has_waited {
            self.now = Instant::now();
        }
        let polled = self.poll_each(cx);
        self.has_waited = polled.is_pending();
        polled
    }

    fn poll_each(&mut self, cx: &mut Context<'_>) -> Poll<Option<Input>> {
        if let Poll::Ready(input) = self.poll_record(cx) {
            return Poll::Ready(Some(input));
        }
        if let Poll::Ready(input) = self.poll_calls(cx) {
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
            self.blocked_since = out.blocked_since();
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
            if ready!(reader.poll_write_ready(cx)).is_err() {
                return Poll::Ready(Input::Gone);
            }
        }
    }

    /// Writes what is queued now rather than at the next poll.
    fn flush_soon(&mut self) {
        let mut out = self.peer.out();
        let _ = out.flush(self.shared.hub.memory());
        self.blocked_since = out.blocked_since();
    }

    /// Tells the sender of a message that it failed, where the connection lives on.
    fn tell(&mut self, lane: Lane, error: CallError) {
        let note = respond::failed_message(error, self.asked.take(lane).as_deref());
        if self.shared.hub.send_to(&self.peer, &note.into()).is_err() {
            tracing::debug!(
                connection = shown(self.peer.id()),
                "the sender of a failed message could not be told"
            );
        }
    }
}

/// A task that is dropped before its connection's end (the runtime ends, or something panicked) leaves nothing behind:
/// neither in the registry nor in what the queues are counted to hold. There is no close event then, unless there is a
/// journal: the next start sends it.
impl Drop for Driver<'_> {
    fn drop(&mut self) {
        let hub = &self.shared.hub;
        self.inbox.clear(hub.memory());
        hub.memory().fetch_sub(self.held, Ordering::Relaxed);
        if !self.forgotten {
            tracing::debug!(
                connection = shown(self.peer.id()),
                "dropped before its end, without a close event"
            );
            hub.shut(&self.peer);
            hub.forget(&self.peer);
        }
    }
}
