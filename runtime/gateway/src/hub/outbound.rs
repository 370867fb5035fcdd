//! What waits to be written to one socket.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use bytes::Bytes;
use tokio::time::Instant;

use super::left::Left;
use crate::limit::Limit;
use crate::machine::Ending;
use crate::socket::Writer;

/// How many frames are handed to the system at once: enough that a burst costs few calls, few enough that the list of
/// them stays on the stack.
const SLICES: usize = 16;

/// What a queue may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// `out-max-messages`.
    pub(crate) messages: usize,
    /// `out-max-bytes`, and never below one message.
    pub(crate) bytes: usize,
    /// `queue-memory`: all queues together.
    pub(crate) memory: usize,
}

/// Why a message is not in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotQueued {
    /// The connection is closed, or will be: 1101.
    Gone,
    /// The queue is full, by this limit: 1103.
    Full(Limit),
}

/// Whether the connection takes pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Registering: pushes are held.
    Held,
    Open,
    /// A pushed close is queued: nothing comes behind it.
    Last,
    /// Out of Open.
    Sealed,
}

/// What came of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Nothing is left.
    Empty,
    /// The socket takes no more at the moment.
    Blocked,
    /// The socket failed.
    Failed,
}

/// The queue and the sending side of the socket. It stands behind one lock, so that whoever pushes can write a frame
/// himself when nothing waits: a frame is always written whole before another begins.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) gate: Gate,
    writer: Option<Writer>,
    queue: VecDeque<Bytes>,
    /// Bytes in `queue`.
    bytes: usize,
    /// The frame that is being written, and how much of it is.
    current: Bytes,
    current_is_close: bool,
    /// The answer to the newest ping.
    pong: Option<Bytes>,
    ping: Option<Bytes>,
    close: Option<Bytes>,
    close_written: bool,
    close_reported: bool,
    shutdown_asked: bool,
    /// A close was pushed: what it says, until the connection's task takes notice.
    pushed_close: Option<Box<Ending>>,
    blocked_since: Option<Instant>,
    failed: bool,
    /// When a message was last queued, where `idle-timeout` is on.
    last_message: Option<Instant>,
    waker: Option<Waker>,
    /// Who wants to know when the connection is out of Open; mostly nobody.
    left: Option<Left>,
}

impl Outbound {
    pub(super) const fn new() -> Self {
        Self {
            gate: Gate::Held,
            writer: None,
            queue: VecDeque::new(),
            bytes: 0,
            current: Bytes::new(),
            current_is_close: false,
            pong: None,
            ping: None,
            close: None,
            close_written: false,
            close_reported: false,
            shutdown_asked: false,
            pushed_close: None,
            blocked_since: None,
            failed: false,
            last_message: None,
            waker: None,
            left: None,
        }
    }

    /// Lets held frames out.
    ///
    /// `head` goes before them: the answer to the handshake.
    pub(crate) fn open(&mut self, writer: Writer, head: Bytes) {
        self.writer = Some(writer);
        self.current = head;
        if self.gate == Gate::Held {
            self.gate = Gate::Open;
        }
    }

    /// Queues a message, or writes it at once when nothing waits and `direct` allows it.
    pub(crate) fn push(
        &mut self,
        frame: Bytes,
        limits: &QueueLimits,
        memory: &AtomicUsize,
        direct: bool,
        now: Option<Instant>,
    ) -> Result<(), NotQueued> {
        if matches!(self.gate, Gate::Last | Gate::Sealed) || self.failed {
            return Err(NotQueued::Gone);
        }
        let at_once = direct && self.is_idle();
        if !at_once {
            let all = memory.load(Ordering::Relaxed);
            let full = if self.queue.len() >= limits.messages {
                Some(Limit::OutMaxMessages)
            } else if self.bytes.saturating_add(frame.len()) > limits.bytes {
                Some(Limit::OutMaxBytes)
            } else if all.saturating_add(frame.len()) > limits.memory {
                Some(Limit::QueueMemory)
            } else {
                None
            };
            if let Some(limit) = full {
                return Err(NotQueued::Full(limit));
            }
        }
        self.last_message = now.or(self.last_message);
        if at_once {
            self.current = frame;
            if self.flush(memory) != Flush::Empty {
                self.wake();
            }
        } else {
            self.bytes += frame.len();
            memory.fetch_add(frame.len(), Ordering::Relaxed);
            self.queue.push_back(frame);
            // While the socket is blocked the task waits for it anyway, and before Open there is nothing to do.
            if self.blocked_since.is_none() && self.writer.is_some() {
                self.wake();
            }
        }
        Ok(())
    }

    /// Queues a pushed close as the last frame. It is always admitted, or nobody could kick a slow reader.
    pub(crate) fn push_close(&mut self, frame: Bytes, ending: Ending) -> Result<(), NotQueued> {
        if matches!(self.gate, Gate::Last | Gate::Sealed) {
            return Err(NotQueued::Gone);
        }
        self.gate = Gate::Last;
        self.close = Some(frame);
        self.pushed_close = Some(Box::new(ending));
        self.wake();
        Ok(())
    }

    /// Messages and bytes that wait.
    pub(crate) fn queued(&self) -> (usize, usize) {
        (self.queue.len(), self.bytes)
    }

    /// The close that was pushed since this was last asked.
    pub(crate) fn take_pushed_close(&mut self) -> Option<Box<Ending>> {
        self.pushed_close.take()
    }

    /// Ends pushes and drops what is queued; the frame that is half written is still finished.
    pub(super) fn seal(&mut self, memory: &AtomicUsize) {
        self.gate = Gate::Sealed;
        memory.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
        self.queue = VecDeque::new();
        self.pong = None;
        self.ping = None;
        self.close = None;
        self.pushed_close = None;
        if let Some(left) = self.left.take() {
            left.tell();
        }
    }

    /// Tells when the connection is out of Open.
    pub(super) fn left(&mut self) -> Left {
        if self.gate == Gate::Sealed {
            return Left::told();
        }
        self.left.get_or_insert_with(Left::new).clone()
    }

    /// The close frame of a sealed connection.
    pub(crate) fn send_close(&mut self, frame: Bytes) {
        if !self.current_is_close && !self.close_written {
            self.close = Some(frame);
        }
    }

    /// Answers a ping at the next frame boundary; only the newest is answered.
    pub(crate) fn set_pong(&mut self, frame: Bytes) {
        if self.gate == Gate::Open || self.gate == Gate::Last {
            self.pong = Some(frame);
        }
    }

    pub(crate) fn set_ping(&mut self, frame: Bytes) {
        if self.gate == Gate::Open {
            self.ping = Some(frame);
        }
    }

    /// Closes the sending side of the socket; the connection is sealed.
    pub(super) fn shut(&mut self) {
        self.close = None;
        self.current = Bytes::new();
        // Dropping the half sends FIN.
        self.writer = None;
    }

    /// Whether the close frame has left since this was last asked.
    pub(crate) fn take_close_written(&mut self) -> bool {
        self.close_written && !std::mem::replace(&mut self.close_reported, true)
    }

    /// Asks the connection's task to end it, because the process does.
    pub(crate) fn ask_shutdown(&mut self) {
        self.shutdown_asked = true;
        self.wake();
    }

    /// Whether that was asked and the connection can still be told.
    pub(crate) fn take_shutdown(&mut self) -> bool {
        std::mem::take(&mut self.shutdown_asked)
    }

    pub(crate) const fn blocked_since(&self) -> Option<Instant> {
        self.blocked_since
    }

    pub(crate) const fn last_message(&self) -> Option<Instant> {
        self.last_message
    }

    /// Who is told that there is something to do.
    pub(crate) fn set_waker(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            None => self.waker = Some(waker.clone()),
        }
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    fn is_idle(&self) -> bool {
        self.gate == Gate::Open
            && self.writer.is_some()
            && self.current.is_empty()
            && self.queue.is_empty()
            && self.pong.is_none()
            && self.ping.is_none()
    }

    /// Takes the next frame, control frames first and the close frame last. False when there is none.
    fn next(&mut self, memory: &AtomicUsize) -> bool {
        if !self.current.is_empty() {
            return true;
        }
        if let Some(frame) = self.pong.take().or_else(|| self.ping.take()) {
            self.current = frame;
            return true;
        }
        if let Some(frame) = self.queue.pop_front() {
            self.bytes -= frame.len();
            memory.fetch_sub(frame.len(), Ordering::Relaxed);
            self.current = frame;
            return true;
        }
        if self.queue.capacity() > 0 {
            // A queue that was needed once is no memory of an idle connection.
            self.queue = VecDeque::new();
        }
        if let Some(frame) = self.close.take() {
            self.current = frame;
            self.current_is_close = true;
            return true;
        }
        false
    }

    /// Writes as much as the socket takes.
    pub(crate) fn flush(&mut self, memory: &AtomicUsize) -> Flush {
        if self.failed {
            return Flush::Failed;
        }
        while self.writer.is_some() && self.next(memory) {
            let Some(writer) = &self.writer else { break };
            // A pong or ping goes at the next frame boundary, so that nothing may be written across it.
            let alone = self.queue.is_empty() || self.pong.is_some() || self.ping.is_some();
            let written = if alone || self.current_is_close {
                writer.try_write(&self.current)
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let frames = std::iter::once(&self.current).chain(&self.queue);
                let mut used = 0;
                for (slice, frame) in slices.iter_mut().zip(frames) {
                    *slice = IoSlice::new(frame);
                    used += 1;
                }
                writer.try_write_vectored(&slices[..used])
            };
            match written {
                Ok(count) => {
                    self.blocked_since = None;
                    self.advance(count, memory);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.blocked_since.get_or_insert_with(Instant::now);
                    return Flush::Blocked;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.failed = true;
                    return Flush::Failed;
                }
            }
        }
        Flush::Empty
    }

    fn advance(&mut self, mut count: usize, memory: &AtomicUsize) {
        loop {
            if count < self.current.len() {
                // `Bytes::advance` without importing the trait for one call: the rest of the same buffer.
                self.current = self.current.slice(count..);
                return;
            }
            count -= self.current.len();
            self.current = Bytes::new();
            if self.current_is_close {
                self.current_is_close = false;
                self.close_written = true;
            }
            if count == 0 {
                return;
            }
            // What was written beyond the first frame came from the queue.
            let Some(frame) = self.queue.pop_front() else {
                return;
            };
            self.bytes -= frame.len();
            memory.fetch_sub(frame.len(), Ordering::Relaxed);
            self.current = frame;
        }
    }
}
