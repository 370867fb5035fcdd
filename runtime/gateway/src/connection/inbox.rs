//! Messages that were received and not yet sent to the function.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limit::Limit;

/// Events of messages, oldest first, and what of the last read was not decoded because they were too many.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// The oldest: where the function keeps up there is no other, and nothing has to be allocated for it.
    first: Option<Arc<str>>,
    events: VecDeque<Arc<str>>,
    bytes: usize,
    undecoded: Option<Undecoded>,
}

/// Bytes of the socket that are not decoded yet: at most one read.
#[derive(Debug)]
pub(super) struct Undecoded {
    bytes: Vec<u8>,
    at: usize,
}

impl Undecoded {
    /// A copy; `None` of nothing.
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        (!bytes.is_empty()).then(|| Self {
            bytes: bytes.to_vec(),
            at: 0,
        })
    }

    pub(super) fn rest(&mut self) -> &mut [u8] {
        &mut self.bytes[self.at..]
    }

    /// What is left behind the next `consumed` bytes.
    pub(super) fn advanced(self, consumed: usize) -> Option<Self> {
        let at = (self.at + consumed).min(self.bytes.len());
        (at < self.bytes.len()).then_some(Self { at, ..self })
    }
}

impl Inbox {
    pub(super) fn push(&mut self, event: Arc<str>, memory: &AtomicUsize) {
        self.bytes += event.len();
        memory.fetch_add(event.len(), Ordering::Relaxed);
        if self.first.is_none() {
            self.first = Some(event);
        } else {
            self.events.push_back(event);
        }
    }

    pub(super) fn pop(&mut self, memory: &AtomicUsize) -> Option<Arc<str>> {
        let event = self.first.take()?;
        self.first = self.events.pop_front();
        self.bytes -= event.len();
        memory.fetch_sub(event.len(), Ordering::Relaxed);
        if self.events.is_empty() && self.events.capacity() > 0 {
            // One that was needed once is no memory of an idle connection.
            self.events = VecDeque::new();
        }
        Some(event)
    }

    /// Drops the oldest messages.
    pub(super) fn drop_messages(&mut self, count: usize, memory: &AtomicUsize) {
        for _ in 0..count {
            self.pop(memory);
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self, memory: &AtomicUsize) {
        while self.pop(memory).is_some() {}
        self.undecoded = None;
    }

    fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.events.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The limit by which it takes no more, so that reading pauses.
    pub(super) fn full_by(&self, messages: usize, bytes: usize) -> Option<Limit> {
        if self.len() >= messages {
            Some(Limit::InMaxMessages)
        } else if self.bytes >= bytes {
            Some(Limit::InMaxBytes)
        } else {
            None
        }
    }

    /// Bytes that are not decoded.
    pub(super) fn undecoded(&self) -> usize {
        let undecoded = self.undecoded.as_ref();
        undecoded.map_or(0, |undecoded| undecoded.bytes.len())
    }

    pub(super) const fn take_undecoded(&mut self) -> Option<Undecoded> {
        self.undecoded.take()
    }

    pub(super) fn keep(&mut self, undecoded: Option<Undecoded>) {
        self.undecoded = undecoded;
    }
}
