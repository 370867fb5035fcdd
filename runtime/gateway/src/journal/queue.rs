//! What waits for the writer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::Key;
use super::numbers::Numbers;
use super::store::{Change, LeftPage};

/// How long a change for which nobody waits may wait for others: half of the 100 ms within which an answered close event
/// leaves the journal. An entry whose close event is answered sooner is written once and removed once.
const LATER: Duration = Duration::from_millis(50);
/// Where it is tried whether the file can be written, before anybody depends on it. No run has this number.
pub(super) const PROBE: Key = Key {
    start: u64::MAX,
    number: 0,
};
/// The most such changes in one group. Whoever connects waits for the group before its own: a storm of disconnects must
/// not make that one long.
const LATER_MAX: usize = 1000;

/// What the writer is to do. Records are bounded by `max-registering`, since each of them has a place among those that
/// register, and the other changes by the entries: there is at most one for each.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
    numbers: Numbers,
    entries_max: u64,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    /// The newest for each entry; `None` removes it.
    later: HashMap<Key, Option<Box<[u8]>>>,
    later_since: Option<Instant>,
    pages: Vec<Page>,
    flushes: Vec<oneshot::Sender<()>>,
    closed: bool,
}

struct Record {
    key: Key,
    entry: Box<[u8]>,
    answer: oneshot::Sender<bool>,
}

/// Somebody who wants to know what is left of earlier runs.
pub(super) struct Page {
    pub(super) after: Option<Key>,
    pub(super) most: usize,
    answer: oneshot::Sender<LeftPage>,
}

/// What the writer does at once.
#[derive(Default)]
pub(super) struct Work {
    pub(super) changes: Vec<Change>,
    /// Who waits for the first of the changes.
    records: Vec<oneshot::Sender<bool>>,
    pub(super) pages: Vec<Page>,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

impl Queue {
    pub(super) fn new(entries: u64, entries_max: u64) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            numbers: Numbers::new(entries),
            entries_max,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    pub(super) fn takes(&self) -> bool {
        self.numbers.is_writable() && self.numbers.entries() < self.entries_max
    }

    /// An entry for which somebody waits.
    pub(super) fn record(&self, key: Key, entry: Box<[u8]>, answer: oneshot::Sender<bool>) {
        if !self.takes() {
            // Whoever is gone meanwhile needs no answer.
            let _ = answer.send(false);
            return;
        }
        self.state().records.push(Record { key, entry, answer });
        self.changed.notify_one();
    }

    /// A change for which nobody waits.
    pub(super) fn later(&self, change: Change) {
        let mut state = self.state();
        let is_first = state.later.is_empty();
        match change {
            Change::Put(key, entry) => state.later.insert(key, Some(entry)),
            Change::Remove(key) => state.later.insert(key, None),
        };
        if is_first {
            state.later_since = Some(Instant::now());
            self.changed.notify_one();
        }
    }

    pub(super) async fn left(&self, after: Option<Key>, most: usize) -> Option<LeftPage> {
        let (answer, answered) = oneshot::channel();
        self.state().pages.push(Page {
            after,
            most,
            answer,
        });
        self.changed.notify_one();
        answered.await.ok()
    }

    /// Waits until nothing waits any more; false when it cannot be written.
    pub(super) async fn flush(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.state().flushes.push(answer);
        self.changed.notify_one();
        answered.await.is_ok()
    }

    /// Lets the writer end, once everything is written.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    /// Waits for something to do.
    pub(super) async fn next(&self) -> Work {
        loop {
            let changed = self.changed.notified();
            let due = match self.state().take() {
                Ok(work) => return work,
                Err(due) => due,
            };
            match due {
                None => changed.await,
                Some(due) => {
                    // Either way it looks again.
                    let _ = tokio::time::timeout_at(due, changed).await;
                }
            }
        }
    }

    /// While nothing can be written, until `retry`: whoever waits is told so.
    pub(super) async fn refuse_until(&self, retry: Instant) {
        loop {
            let changed = self.changed.notified();
            {
                let mut state = self.state();
                for record in state.records.drain(..) {
                    let _ = record.answer.send(false);
                }
                state.pages.clear();
                state.flushes.clear();
                if state.closed {
                    return;
                }
            }
            if tokio::time::timeout_at(retry, changed).await.is_err() {
                return;
            }
        }
    }

    /// The work is on disk.
    pub(super) fn done(&self, mut work: Work, pages: Vec<LeftPage>) {
        for record in work.records.drain(..) {
            let _ = record.send(true);
        }
        let mut state = self.state();
        for (asked, mut page) in work.pages.drain(..).zip(pages) {
            // What is answered already is not sent again because its removal waits.
            page.entries
                .retain(|left| state.later.get(&left.key) != Some(&None));
            let _ = asked.answer.send(page);
        }
        if state.later.is_empty() && state.records.is_empty() {
            for flush in state.flushes.drain(..) {
                let _ = flush.send(());
            }
        }
    }

    /// The work is not on disk. What was to be recorded is removed, in case that it is there all the same; other
    /// changes are tried again.
    pub(super) fn failed(&self, work: Work) {
        let count = work.records.len();
        {
            let mut state = self.state();
            for (at, change) in work.changes.into_iter().enumerate() {
                let (key, entry) = match change {
                    Change::Put(key, entry) => (key, (at >= count).then_some(entry)),
                    Change::Remove(key) => (key, None),
                };
                // One that came meanwhile is newer.
                state.later.entry(key).or_insert(entry);
            }
            // So that there is something to try it with.
            state.later.entry(PROBE).or_insert(None);
            state.later_since = Some(Instant::now());
        }
        for record in work.records {
            let _ = record.send(false);
        }
    }
}

impl State {
    /// What is to be done now, or when there will be something.
    fn take(&mut self) -> Result<Work, Option<Instant>> {
        let later_due = self
            .later_since
            .filter(|_| !self.later.is_empty())
            .map(|since| since + LATER);
        let is_due = later_due.is_some_and(|due| Instant::now() >= due);
        let nobody_waits =
            self.records.is_empty() && self.pages.is_empty() && self.flushes.is_empty();
        if nobody_waits && !is_due && !self.closed {
            return Err(later_due);
        }
        let mut work = Work {
            pages: std::mem::take(&mut self.pages),
            ..Work::default()
        };
        for Record { key, entry, answer } in self.records.drain(..) {
            work.changes.push(Change::Put(key, entry));
            work.records.push(answer);
        }
        if self.later.len() <= LATER_MAX {
            let later = self.later.drain();
            work.changes
                .extend(later.map(|(key, entry)| change(key, entry)));
        } else {
            let some: Vec<Key> = self.later.keys().take(LATER_MAX).copied().collect();
            for key in some {
                if let Some(entry) = self.later.remove(&key) {
                    work.changes.push(change(key, entry));
                }
            }
        }
        work.is_last = self.closed && self.later.is_empty();
        Ok(work)
    }
}

fn change(key: Key, entry: Option<Box<[u8]>>) -> Change {
    match entry {
        Some(entry) => Change::Put(key, entry),
        None => Change::Remove(key),
    }
}
