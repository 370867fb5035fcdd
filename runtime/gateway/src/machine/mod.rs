//! The life of a connection, as the table of the guarantees has it and nothing else.
//!
//! No socket, no clock and no task is in here: what happened goes in with the time at which it did, what to do comes
//! out. Whoever drives it does what it says, in order, and reports what came of it.
//!
//! Where there is a journal, [`Output::Record`] stands between [`Input::Handshake`] and [`Output::CallConnect`], and
//! [`Input::Recorded`] says whether the entry is on disk; [`Output::Forget`] removes it. Connections that an earlier
//! process left behind are past everything but their close events: they have no machine, and are closed in passes with
//! the pauses of the same [`Retry`].

mod closing;
mod lanes;
mod retry;
mod time;
mod vocabulary;

use tokio::time::Instant;
use wsfn_protocol::CloseCode;

use crate::limit::Limit;
use closing::Waiting;
pub(crate) use lanes::{ALONE, LANES_MAX, Lane, Lanes};
pub(crate) use retry::Retry;
pub(crate) use vocabulary::{CallError, Ending, Input, Limits, Output, Phase};

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flight {
    /// In the queue of calls.
    Queued,
    /// At the function since then.
    Sent(Instant),
    /// The same, and its time is over.
    Late(Instant),
    /// Answered, and pushes inside the answer wait for room.
    Delivering,
}

/// How far the socket's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Socket {
    /// Handshake or frames.
    Live,
    /// Our close frame waits to be written. What comes after it depends on who closes.
    ClosePending {
        then: AfterClose,
        until: Instant,
    },
    /// Ours was written, the client's is awaited.
    CloseSent {
        until: Instant,
    },
    /// The sending side is closed, input is drained by the driver within bounds of its own.
    Lingering,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterClose {
    Await,
    Shut,
}

/// One connection's state.
#[derive(Debug)]
pub(crate) struct Machine {
    phase: Phase,
    socket: Socket,
    calls: Lanes<Flight>,
    /// The function takes messages while earlier ones of the same connection are still handled.
    unordered: bool,
    /// Messages in the inbox that were not sent yet.
    waiting: usize,
    /// A pushed close that is queued, and until when it may be written.
    pushed_close: Option<(Box<Ending>, Instant)>,
    /// What the close event will say, once it is known.
    ending: Option<Box<Ending>>,
    /// The limit at which the socket was given up, where it was one.
    lost_by: Option<Limit>,
    /// The handshake was answered already, or there is nobody left to answer.
    handshake_over: bool,
    /// Since when no frame is exchanged.
    drained_from: Option<Instant>,
    /// Since when the close event is tried, and when it is tried again.
    closing: Option<Box<Waiting>>,
    /// Until when the entry has to be in the journal.
    recording: Option<Instant>,
    /// State of the jitter's generator; seeded by the driver.
    seed: u32,
}

impl Machine {
    /// A connection whose handshake is being read. `seed` is for the jitter of retries.
    pub(crate) const fn new(seed: u32) -> Self {
        Self {
            phase: Phase::Handshaking,
            socket: Socket::Live,
            calls: Lanes::new(),
            unordered: false,
            waiting: 0,
            pushed_close: None,
            ending: None,
            lost_by: None,
            handshake_over: false,
            drained_from: None,
            closing: None,
            recording: None,
            // Zero is the one state that xorshift never leaves.
            seed: seed | 1,
        }
    }

    pub(crate) const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether messages that are received are still for the function.
    pub(crate) fn takes_messages(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether the socket is read: for messages, or for the client's close frame.
    pub(crate) fn reads(&self) -> bool {
        match self.socket {
            Socket::Live => matches!(self.phase, Phase::Open),
            Socket::CloseSent { .. } => true,
            Socket::ClosePending { then, .. } => then == AfterClose::Await,
            Socket::Lingering | Socket::Ended => false,
        }
    }

    /// Takes what happened and says what to do, in order.
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        input: Input,
        limits: &Limits,
        out: &mut Vec<Output>,
    ) {
        match input {
            Input::Handshake => {
                if self.phase == Phase::Handshaking && self.recording.is_none() {
                    if limits.journal {
                        self.recording = Some(now + limits.handshake_timeout);
                        out.push(Output::Record);
                    } else {
                        self.register(out);
                    }
                }
            }
            Input::Recorded(recorded) => {
                if self.recording.take().is_some() {
                    if recorded {
                        self.register(out);
                    } else {
                        self.not_recorded(out);
                    }
                }
            }
            Input::Sent(lane) => {
                if let Some(flight @ Flight::Queued) = self.calls.get_mut(lane) {
                    *flight = Flight::Sent(now);
                    if self.unordered {
                        self.next_message(now, limits, out);
                    }
                }
            }
            Input::Delivering(lane) => {
                if let Some(flight) = self.calls.get_mut(lane) {
                    *flight = Flight::Delivering;
                }
            }
            Input::Unordered => self.unordered |= self.phase == Phase::Registering,
            Input::Accepted => self.accepted(now, limits, out),
            Input::Refused => {
                if self.phase == Phase::Registering {
                    self.calls.take(ALONE);
                    if !self.handshake_over {
                        out.push(Output::RefuseAsAnswered);
                    }
                    self.forget(out);
                }
            }
            Input::Upgraded(written) => {
                if self.phase == Phase::Registering && self.calls.is_empty() {
                    if written {
                        self.phase = Phase::Open;
                        out.push(Output::Open);
                    } else {
                        self.lost(out);
                        self.drain(now, limits, out);
                    }
                }
            }
            Input::Message => {
                if self.phase == Phase::Open {
                    self.waiting += 1;
                    self.next_message(now, limits, out);
                }
            }
            Input::Answered(lane) => {
                if matches!(self.phase, Phase::Open | Phase::Draining)
                    && self.calls.take(lane).is_some()
                {
                    self.next_message(now, limits, out);
                    self.close_if_done(now, limits, out);
                }
            }
            Input::CallFailed(lane, error) => self.call_failed(now, lane, error, limits, out),
            Input::CloseQueued(ending) => {
                // It is known to the hub, and so to whoever closes everybody, as soon as there is an id.
                if matches!(
                    self.phase,
                    Phase::Handshaking | Phase::Registering | Phase::Open
                ) && self.pushed_close.is_none()
                {
                    let until = now + limits.close_timeout;
                    self.pushed_close = Some((Box::new(ending), until));
                }
            }
            Input::CloseReceived(ending) => self.close_received(now, ending, limits, out),
            Input::CloseWritten => self.close_written(now, limits, out),
            Input::Gone => self.gone(now, limits, out),
            Input::Stalled(limit) => {
                self.lost_by = Some(limit);
                self.gone(now, limits, out);
            }
            Input::End { ending, broken } => {
                if self.phase == Phase::Open {
                    self.end(now, ending, broken, limits, out);
                } else if broken
                    && matches!(
                        self.socket,
                        Socket::CloseSent { .. } | Socket::ClosePending { .. }
                    )
                {
                    // Our close frame is on its way already, and the client's can no longer be found.
                    self.no_close_will_come(out);
                }
            }
            Input::SocketEnded => {
                if self.socket != Socket::Ended {
                    self.socket = Socket::Ended;
                    self.finish(out);
                }
            }
            Input::Shutdown(ending) => match self.phase {
                Phase::Handshaking if self.recording.is_some() => self.not_recorded(out),
                Phase::Registering if !self.handshake_over && !self.calls.is_empty() => {
                    self.handshake_over = true;
                    self.socket = Socket::Ended;
                    out.push(Output::Reject(503));
                    out.push(Output::Seal);
                }
                Phase::Open => self.end(now, ending, false, limits, out),
                _ => {}
            },
            Input::CloseAnswered(answered) => self.close_answered(now, answered, limits, out),
            Input::Tick => self.tick(now, limits, out),
        }
    }

    /// The connect event is sent; from here on the connection has to be closed as well, unless it is clearly refused.
    fn register(&mut self, out: &mut Vec<Output>) {
        self.phase = Phase::Registering;
        self.calls.put(ALONE, Flight::Queued);
        out.push(Output::CallConnect);
    }

    /// The entry is not in the journal, or will be there too late: nothing was sent, and whatever was written goes.
    fn not_recorded(&mut self, out: &mut Vec<Output>) {
        self.recording = None;
        self.handshake_over = true;
        out.push(Output::Reject(503));
        self.forget(out);
    }

    fn accepted(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        if self.phase != Phase::Registering || self.calls.take(ALONE).is_none() {
            return;
        }
        if self.handshake_over {
            // The client left, or was told something else meanwhile; the function believes that it is there.
            self.lost(out);
            self.drain(now, limits, out);
        } else {
            self.handshake_over = true;
            // A close pushed meanwhile has its time from here: before there was nothing to write it to.
            if let Some((_, until)) = &mut self.pushed_close {
                *until = now + limits.close_timeout;
            }
            out.push(Output::Upgrade);
        }
    }

    fn call_failed(
        &mut self,
        now: Instant,
        lane: Lane,
        error: CallError,
        limits: &Limits,
        out: &mut Vec<Output>,
    ) {
        let Some(flight) = self.calls.take(lane) else {
            return;
        };
        match self.phase {
            Phase::Registering => {
                if !self.handshake_over {
                    self.handshake_over = true;
                    out.push(Output::Reject(match error {
                        CallError::NotSent | CallError::Failed => 502,
                        CallError::QueueFull => 503,
                        CallError::Late => 504,
                    }));
                }
                match error {
                    CallError::NotSent | CallError::QueueFull => self.forget(out),
                    // The function may have accepted.
                    CallError::Late | CallError::Failed => {
                        self.lost(out);
                        self.drain(now, limits, out);
                    }
                }
            }
            Phase::Open if matches!(flight, Flight::Late(_)) => {
                // It was dealt with when it became late, and the connection lives on (`tell`).
                self.next_message(now, limits, out);
            }
            Phase::Open => {
                self.message_failed(now, lane, error, limits, out);
                if self.phase == Phase::Open {
                    self.next_message(now, limits, out);
                }
                self.close_if_done(now, limits, out);
            }
            Phase::Draining => {
                self.next_message(now, limits, out);
                self.close_if_done(now, limits, out);
            }
            Phase::Handshaking | Phase::Closing | Phase::Ended => {}
        }
    }

    /// A message call failed or is late while the connection is open.
    fn message_failed(
        &mut self,
        now: Instant,
        lane: Lane,
        error: CallError,
        limits: &Limits,
        out: &mut Vec<Output>,
    ) {
        if limits.tell {
            out.push(Output::Tell(lane, error));
            return;
        }
        let ending = match error {
            CallError::Late => Ending::new(
                CloseCode::FUNCTION_FAILED,
                "the function did not answer within invoke-timeout",
            ),
            CallError::Failed => Ending::new(CloseCode::FUNCTION_FAILED, "the function failed"),
            CallError::NotSent => {
                Ending::new(CloseCode::TRY_AGAIN, "the function is not reachable")
            }
            CallError::QueueFull => {
                Ending::new(CloseCode::TRY_AGAIN, "too many calls wait (invoke-queue)")
            }
        };
        self.drop_messages(out);
        self.end(now, ending, false, limits, out);
    }

    fn drop_messages(&mut self, out: &mut Vec<Output>) {
        if self.waiting > 0 {
            out.push(Output::DropMessages(std::mem::take(&mut self.waiting)));
        }
    }

    /// Ends an open connection from our side.
    fn end(
        &mut self,
        now: Instant,
        ending: Ending,
        broken: bool,
        limits: &Limits,
        out: &mut Vec<Output>,
    ) {
        let then = if broken {
            AfterClose::Shut
        } else {
            AfterClose::Await
        };
        self.socket = Socket::ClosePending {
            then,
            until: now + limits.close_timeout,
        };
        out.push(Output::Seal);
        out.push(Output::SendClose(ending.clone()));
        // Stands only once the frame is written: else the close event says 1006.
        self.pushed_close = Some((Box::new(ending), now + limits.close_timeout));
        self.drain_quietly(now, limits, out);
    }

    fn close_received(
        &mut self,
        now: Instant,
        ending: Ending,
        limits: &Limits,
        out: &mut Vec<Output>,
    ) {
        match (self.phase, self.socket) {
            (Phase::Open, _) => {
                self.pushed_close = None;
                self.ending = Some(Box::new(ending));
                self.socket = Socket::ClosePending {
                    then: AfterClose::Shut,
                    until: now + limits.close_timeout,
                };
                out.push(Output::Seal);
                out.push(Output::AnswerClose);
                self.drain_quietly(now, limits, out);
            }
            (_, Socket::ClosePending { .. } | Socket::CloseSent { .. }) => {
                self.no_close_will_come(out);
            }
            _ => {}
        }
    }

    /// The client's close frame is here, or nothing that it sends can be read: close as soon as ours is written.
    fn no_close_will_come(&mut self, out: &mut Vec<Output>) {
        match &mut self.socket {
            Socket::ClosePending { then, .. } => *then = AfterClose::Shut,
            Socket::CloseSent { .. } => {
                self.socket = Socket::Lingering;
                out.push(Output::Shut);
            }
            Socket::Live | Socket::Lingering | Socket::Ended => {}
        }
    }

    fn close_written(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        let pushed = self.pushed_close.take().map(|(ending, _)| ending);
        if self.ending.is_none() {
            self.ending = pushed;
        }
        match self.socket {
            Socket::ClosePending {
                then: AfterClose::Shut,
                ..
            } => {
                self.socket = Socket::Lingering;
                out.push(Output::Shut);
            }
            Socket::ClosePending {
                then: AfterClose::Await,
                ..
            } => {
                self.socket = Socket::CloseSent {
                    until: now + limits.close_timeout,
                };
            }
            // A pushed close has come out of the queue.
            Socket::Live if self.phase == Phase::Open => {
                self.socket = Socket::CloseSent {
                    until: now + limits.close_timeout,
                };
                out.push(Output::Seal);
                self.drain_quietly(now, limits, out);
                return;
            }
            Socket::Live | Socket::CloseSent { .. } | Socket::Lingering | Socket::Ended => return,
        }
        self.close_if_done(now, limits, out);
    }

    fn gone(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        match self.phase {
            Phase::Handshaking => {
                self.recording = None;
                self.forget(out);
            }
            Phase::Registering => {
                // The answer is still awaited: it decides between a close event and none.
                self.handshake_over = true;
                self.socket = Socket::Ended;
            }
            Phase::Open => {
                self.lost(out);
                self.drain(now, limits, out);
            }
            Phase::Draining | Phase::Closing | Phase::Ended => {
                self.cut(now, limits, out);
            }
        }
    }

    /// The socket is of no use; a close frame that was not written never will be.
    fn cut(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        if self.socket == Socket::Ended {
            return;
        }
        self.socket = Socket::Ended;
        self.pushed_close = None;
        let lost = Ending::lost(self.lost_by);
        self.ending.get_or_insert_with(|| Box::new(lost));
        out.push(Output::Cut);
        self.close_if_done(now, limits, out);
        self.finish(out);
    }

    fn lost(&mut self, out: &mut Vec<Output>) {
        self.pushed_close = None;
        self.ending = Some(Box::new(Ending::lost(self.lost_by)));
        if self.socket != Socket::Ended {
            self.socket = Socket::Ended;
            out.push(Output::Cut);
        }
    }

    fn drain(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        out.push(Output::Seal);
        self.drain_quietly(now, limits, out);
    }

    fn drain_quietly(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        self.phase = Phase::Draining;
        self.drained_from = Some(now);
        self.close_if_done(now, limits, out);
    }

    /// Sends the oldest message, if there is one and a lane for it.
    fn next_message(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        if self.waiting == 0 {
            return;
        }
        let Some(lane) = self.free_lane() else {
            return;
        };
        if self
            .drained_from
            .is_some_and(|from| now >= from + limits.invoke_timeout)
        {
            self.drop_messages(out);
            return;
        }
        self.waiting -= 1;
        self.calls.put(lane, Flight::Queued);
        out.push(Output::CallMessage(lane));
    }

    /// Where the next message may run. Unordered ones are still sent in the order in which they came, so that none
    /// overtakes another in the queue of calls, of which a connection has one place at a time.
    fn free_lane(&self) -> Option<Lane> {
        if !self.unordered {
            return self.calls.free(1);
        }
        let queued = self.calls.iter().any(|flight| *flight == Flight::Queued);
        if queued {
            None
        } else {
            self.calls.free(LANES_MAX)
        }
    }
}

#[cfg(test)]
mod tests;
