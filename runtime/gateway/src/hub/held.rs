//! What counts among the bytes of all queues without being in one of the hub's own.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that count against `queue-memory` until this is dropped.
#[derive(Debug)]
pub(crate) struct Held<'h> {
    memory: &'h AtomicUsize,
    bytes: usize,
}

impl<'h> Held<'h> {
    pub(crate) fn new(memory: &'h AtomicUsize, bytes: usize) -> Self {
        memory.fetch_add(bytes, Ordering::Relaxed);
        Self { memory, bytes }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
