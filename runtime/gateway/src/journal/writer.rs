//! What commits: one task, one group after the other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::OpenError;
use super::queue::{PROBE, Queue, Work};
use super::store::{Change, LeftPage, Store, StoreError};
use crate::data::Data;

/// How soon a file that could not be written is tried again: a disk that has room again is used within a second.
const RETRY: Duration = Duration::from_secs(1);
/// As much as a small group takes.
const PROBE_BYTES: usize = 4096;

type Reopen = Box<dyn FnMut() -> Result<Box<dyn Store>, OpenError> + Send>;

/// The store, and how to get it back.
pub(super) struct Keeper {
    store: Option<Box<dyn Store>>,
    reopen: Reopen,
    /// Nobody else has the directory as long as this one may write into it.
    _data: Option<Data>,
}

/// Takes what waits and commits it.
pub(super) struct Writer {
    queue: Arc<Queue>,
    keeper: Keeper,
}

impl Keeper {
    pub(super) fn new(store: Box<dyn Store>, reopen: Reopen, data: Option<Data>) -> Self {
        Self {
            store: Some(store),
            reopen,
            _data: data,
        }
    }

    /// Does the work, or nothing of it. A store that failed, or panicked, is not used again.
    fn commit(&mut self, work: &Work) -> Result<(Option<u64>, Vec<LeftPage>), StoreError> {
        let done = catch_unwind(AssertUnwindSafe(|| self.try_commit(work)))
            .unwrap_or_else(|_| Err(StoreError("the file is damaged".into())));
        if done.is_err() {
            self.store = None;
        }
        done
    }

    fn try_commit(&mut self, work: &Work) -> Result<(Option<u64>, Vec<LeftPage>), StoreError> {
        let store = match &mut self.store {
            Some(store) => store,
            None => {
                let mut store = (self.reopen)()?;
                store.commit(&[Change::Put(PROBE, [0; PROBE_BYTES].into())])?;
                store.commit(&[Change::Remove(PROBE)])?;
                self.store.insert(store)
            }
        };
        let entries = match &work.changes[..] {
            [] => None,
            changes => Some(store.commit(changes)?),
        };
        let pages = work
            .pages
            .iter()
            .map(|page| store.left(page.after, page.most))
            .collect::<Result<_, _>>()?;
        Ok((entries, pages))
    }
}

impl Writer {
    pub(super) const fn new(queue: Arc<Queue>, keeper: Keeper) -> Self {
        Self { queue, keeper }
    }

    /// Writes until the queue is closed.
    pub(super) async fn run(self) {
        let Self { queue, mut keeper } = self;
        loop {
            let work = queue.next().await;
            let is_last = work.is_last;
            let began = Instant::now();
            // The disk may take its time; other tasks need not wait for it.
            let committing = tokio::task::spawn_blocking(move || {
                let done = keeper.commit(&work);
                (keeper, work, done)
            });
            let Ok((kept, work, done)) = committing.await else {
                // The runtime ends.
                return;
            };
            keeper = kept;
            match done {
                Ok((entries, pages)) => {
                    if let Some(entries) = entries {
                        let took = began.elapsed();
                        queue.numbers().committed(work.changes.len(), entries, took);
                    }
                    if queue.numbers().set_writable(true) {
                        tracing::warn!(
                            "the journal can be written again: connections are accepted"
                        );
                    }
                    queue.done(work, pages);
                }
                Err(error) => {
                    queue.numbers().errors.add(1);
                    if queue.numbers().set_writable(false) {
                        tracing::error!(
                            %error,
                            "the journal cannot be written: new connections are refused (503) until it can"
                        );
                    }
                    queue.failed(work);
                    if !is_last {
                        queue.refuse_until(began + RETRY).await;
                    }
                }
            }
            if is_last {
                return;
            }
        }
    }
}
