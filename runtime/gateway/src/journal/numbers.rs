//! The journal in numbers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::counters::Count;

/// What is in the journal and what it costs.
#[derive(Debug)]
pub(crate) struct Numbers {
    entries: AtomicU64,
    writable: AtomicBool,
    /// Close events of earlier runs that are not answered yet.
    left: AtomicU64,
    /// Groups that are on disk, the changes in them, and how long they took.
    pub(crate) commits: Count,
    pub(crate) changes: Count,
    pub(crate) microseconds: Count,
    /// Groups that could not be written.
    pub(crate) errors: Count,
}

impl Numbers {
    pub(super) fn new(entries: u64) -> Self {
        Self {
            entries: AtomicU64::new(entries),
            writable: AtomicBool::new(true),
            left: AtomicU64::new(entries),
            commits: Count::default(),
            changes: Count::default(),
            microseconds: Count::default(),
            errors: Count::default(),
        }
    }

    /// Entries in the file.
    pub(crate) fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Whether the last attempt to write went well.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Relaxed)
    }

    /// Close events of earlier runs that wait.
    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// One of them is done.
    pub(super) fn one_less(&self) {
        self.left.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, changes: usize, entries: u64, took: Duration) {
        self.entries.store(entries, Ordering::Relaxed);
        self.commits.add(1);
        self.changes.add(changes as u64);
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.add(took);
    }

    /// Says whether it was the other way round before.
    pub(super) fn set_writable(&self, writable: bool) -> bool {
        self.writable.swap(writable, Ordering::Relaxed) != writable
    }
}
