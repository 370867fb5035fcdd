//! The journal: every connection whose close event is still owed, on disk, so that the next start sends what this
//! process could not (D5).
//!
//! A connection is written before its connect event is sent and removed when its close event is answered, or when it is
//! clear that there is none. One [`writer`] does all of it, in groups: whoever connects waits for one write to disk, and
//! thousands who connect or leave at once share it. [`replay`] sends the close events of earlier runs.

mod backlog;
mod disk;
mod entry;
mod error;
mod numbers;
mod queue;
mod replay;
mod route;
mod store;
#[cfg(test)]
mod tests;
mod waiting;
mod writer;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::data::Data;
use crate::machine::Ending;
use crate::shared::Ids;
pub(crate) use backlog::Backlog;
use disk::Disk;
pub(crate) use entry::{Ended, Entry, Key};
pub(crate) use error::OpenError;
pub(crate) use numbers::Numbers;
use queue::Queue;
pub(crate) use replay::replay;
pub(crate) use route::Route;
use store::Change;
pub(crate) use store::{Left, LeftPage};
pub use waiting::{WaitingCloses, WaitingRoute};
use writer::{Keeper, Writer};

/// The file in the data directory.
const FILE: &str = "journal.redb";
/// The most entries, of which each is some 200 bytes on disk. All connections that may be open and all that may wait
/// for their close events fit three times, so that a gateway that starts again and again while its function is down
/// does not fill the disk.
const ENTRIES_MAX: u64 = 1_000_000;
/// How long the end of the process waits for the last group.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// The journal of a gateway.
pub(crate) struct Journal {
    queue: Arc<Queue>,
    /// The number of this run.
    start: u64,
    next: AtomicU64,
    ids: Ids,
    backlog: Backlog,
    /// When this run began, by both clocks.
    began: (Instant, u64),
    /// What commits, until it is started.
    writer: Mutex<Option<Writer>>,
}

impl Journal {
    /// Opens the journal of a data directory, whose lock it holds from here on.
    ///
    /// # Errors
    /// When the file cannot be read and written, or a later version wrote it.
    pub(crate) fn open(folder: &Path, data: Data, chance: &Chance) -> Result<Self, OpenError> {
        let path = folder.join(FILE);
        let mut disk = Disk::open(&path)?;
        let (start, entries) = (disk.start(), disk.entries());
        disk.begin(disk::now())
            .map_err(|error| OpenError::io(&path, &error))?;
        let keeper = Keeper::new(
            Box::new(disk),
            Box::new(move || {
                let mut disk = Disk::open(&path)?;
                disk.resume(start);
                Ok(Box::new(disk))
            }),
            Some(data),
        );
        let queue = Queue::new(entries, ENTRIES_MAX);
        Ok(Self::new(keeper, queue, start, chance))
    }

    fn new(keeper: Keeper, queue: Queue, start: u64, chance: &Chance) -> Self {
        let queue = Arc::new(queue);
        Self {
            writer: Mutex::new(Some(Writer::new(Arc::clone(&queue), keeper))),
            queue,
            start,
            next: AtomicU64::new(0),
            ids: Ids::new(chance),
            backlog: Backlog::default(),
            began: (Instant::now(), disk::now()),
        }
    }

    /// Starts to write, inside a tokio runtime. What was asked for before is written then.
    pub(crate) fn start(&self) {
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            tokio::spawn(writer.run());
        }
    }

    /// What it does, in numbers.
    pub(crate) fn numbers(&self) -> &Numbers {
        self.queue.numbers()
    }

    /// Whether a new connection can be recorded: the file can be written and is not full (B5).
    pub(crate) fn takes(&self) -> bool {
        self.queue.takes()
    }

    /// A number for a connection, of which its place in the journal and the id of its close event follow.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The id of the close event, the same for every delivery.
    pub(crate) fn event_id(&self, number: u64) -> Arc<str> {
        self.ids.with(number)
    }

    /// Writes a connection; whether it is on disk is known soon. A sender that is gone means no.
    pub(crate) fn record(&self, number: u64, id: &str, route: &Route) -> oneshot::Receiver<bool> {
        let entry = self.entry(number, id, route, None);
        let (answer, answered) = oneshot::channel();
        self.queue.record(self.key(number), entry, answer);
        answered
    }

    /// Adds how a connection ended, with the next group and before the process ends.
    pub(crate) fn ended(&self, number: u64, id: &str, route: &Route, ending: &Ending) {
        let ended = Ended {
            code: ending.code.0,
            reason: Cow::Borrowed(&ending.reason),
            at: disk::now(),
        };
        let entry = self.entry(number, id, route, Some(ended));
        self.queue.later(Change::Put(self.key(number), entry));
    }

    /// Removes a connection of this run, with the next group.
    pub(crate) fn remove(&self, number: u64) {
        self.remove_left(self.key(number));
    }

    /// Removes an entry of any run, with the next group.
    pub(crate) fn remove_left(&self, key: Key) {
        self.queue.later(Change::Remove(key));
    }

    /// The close events of earlier runs, by route.
    pub(crate) const fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// The close event of an entry of an earlier run is done, whatever came of it.
    pub(crate) fn done(&self, left: &Left) {
        self.remove_left(left.key);
        self.numbers().one_less();
        if let Some(entry) = &left.entry {
            self.backlog.one_less(&entry.route);
        }
    }

    /// For how long the close event of an entry of an earlier run is due. The wall clock counts up to the start of this
    /// run, and a monotonic one from there on (T1): one that is set meanwhile gives nothing up.
    pub(crate) fn age(&self, left: &Left) -> Duration {
        let (began, wall) = self.began;
        Duration::from_secs(wall.saturating_sub(left.due)) + began.elapsed()
    }

    /// The oldest entries of earlier runs behind `after`, at most so many; `None` while the file cannot be read.
    pub(crate) async fn left(&self, after: Option<Key>, most: usize) -> Option<LeftPage> {
        self.queue.left(after, most).await
    }

    /// The age of the oldest close event of an earlier run; `None` where there is none, or the file cannot be read.
    pub(crate) async fn oldest(&self) -> Option<Duration> {
        if self.numbers().left() == 0 {
            return None;
        }
        // The first are the oldest but for those whose ends were seen, which are younger than their start.
        let page = self.left(None, 1).await?;
        page.entries.first().map(|left| self.age(left))
    }

    /// Waits until everything that was asked for is on disk, unless that takes too long.
    pub(crate) async fn flush(&self) {
        let flushed = tokio::time::timeout(FLUSH_MAX, self.queue.flush()).await;
        if flushed != Ok(true) {
            tracing::error!(
                "the journal's last changes are not on disk: close events that were answered may be sent again"
            );
        }
    }

    fn key(&self, number: u64) -> Key {
        Key {
            start: self.start,
            number,
        }
    }

    fn entry(&self, number: u64, id: &str, route: &Route, ended: Option<Ended<'_>>) -> Box<[u8]> {
        let entry = Entry {
            id: Cow::Borrowed(id),
            event: Cow::Borrowed(&self.event_id(number)),
            route: Cow::Borrowed(route),
            ended,
        };
        entry.encode()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}
