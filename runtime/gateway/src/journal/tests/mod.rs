//! The journal on a disk that works, on one that does not, and after a kill.

mod failing;
mod killed;
mod on_disk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Journal, Key, Left, Route};
use crate::chance::Chance;
use crate::data::Data;

/// A directory that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("wsfn-journal-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    /// The journal in it, as a start of the gateway opens it.
    fn journal(&self) -> Journal {
        let data = Data::open(&self.0).expect("a directory");
        let journal = Journal::open(&self.0, data, &Chance::System).expect("a journal");
        journal.start();
        journal
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Records a connection and waits until it is on disk.
async fn record(journal: &Journal) -> Option<u64> {
    let number = journal.number();
    let recorded = journal.record(number, &format!("c{number}"), &Route::default());
    (recorded.await == Ok(true)).then_some(number)
}

/// Everything that earlier runs left, page by page.
async fn all_left(journal: &Journal) -> Vec<Left> {
    let mut all = Vec::new();
    let mut after: Option<Key> = None;
    loop {
        let page = journal.left(after, 7).await.expect("readable");
        all.extend(page.entries);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

/// Ends a run as a regular end of the process does, and waits until its directory is free.
async fn end(journal: Journal) {
    journal.flush().await;
    let queue = std::sync::Arc::downgrade(&journal.queue);
    drop(journal);
    while queue.strong_count() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}
