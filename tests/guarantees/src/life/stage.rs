//! What all who take part share: how far the history is, and its log.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::log::{Client, Entry, Function, What};

/// Where a history stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Anything goes.
    #[default]
    Wild,
    /// The function works, clients read, and nobody begins anything.
    Calm,
    /// Clients leave.
    Over,
}

/// One history as it happens.
pub(crate) struct Stage {
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    entries: Mutex<Vec<Entry>>,
    phase: Mutex<Phase>,
    /// It wakes those who wait in the order in which they came. `watch` wakes them in any, and no seed were always the
    /// same history.
    changed: Notify,
}

impl Stage {
    /// An empty one, whose microseconds this tells.
    pub(crate) fn new(clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            clock: Box::new(clock),
            entries: Mutex::default(),
            phase: Mutex::default(),
            changed: Notify::new(),
        }
    }

    pub(crate) fn log(&self, what: What) {
        let mut entries = lock(&self.entries);
        let at = (self.clock)();
        entries.push(Entry { at, what });
    }

    pub(crate) fn client(&self, name: &str, saw: Client) {
        self.log(What::Client(name.to_owned(), saw));
    }

    pub(crate) fn function(&self, call: u64, saw: Function) {
        self.log(What::Function(call, saw));
    }

    pub(crate) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut lock(&self.entries))
    }

    /// When this was last logged.
    #[cfg(target_os = "linux")]
    pub(crate) fn last(&self, is: impl Fn(&What) -> bool) -> Option<u64> {
        let entries = lock(&self.entries);
        let last = entries.iter().rev().find(|entry| is(&entry.what));
        last.map(|entry| entry.at)
    }

    pub(crate) fn phase(&self) -> Phase {
        *lock(&self.phase)
    }

    /// Waits until that phase has come.
    pub(crate) async fn until(&self, phase: Phase) {
        self.wait(|| self.phase() >= phase).await;
    }

    /// Waits until this holds, which [`Stage::change`] may bring about.
    pub(crate) async fn wait(&self, holds: impl Fn() -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // From here on nothing is missed between the look and the wait.
            changed.as_mut().enable();
            if holds() {
                return;
            }
            changed.await;
        }
    }

    pub(crate) fn change(&self, change: impl FnOnce()) {
        change();
        self.changed.notify_waiters();
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.change(|| *lock(&self.phase) = phase);
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage")
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}

/// Nothing that panics runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
