//! B5: a journal that is full, or cannot be written.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::record;
use crate::chance::Chance;
use crate::journal::queue::Queue;
use crate::journal::store::{Change, LeftPage, Store, StoreError};
use crate::journal::writer::Keeper;
use crate::journal::{Journal, Key, Route};

/// A disk whose cable can be pulled.
#[derive(Clone, Default)]
struct Cable {
    pulled: Arc<AtomicBool>,
    opened: Arc<AtomicUsize>,
    kept: Arc<Mutex<Vec<Key>>>,
}

impl Cable {
    fn check(&self) -> Result<(), StoreError> {
        if self.pulled.load(Ordering::Relaxed) {
            return Err(StoreError("no space left".into()));
        }
        Ok(())
    }

    fn pull(&self, pulled: bool) {
        self.pulled.store(pulled, Ordering::Relaxed);
    }

    fn kept(&self) -> Vec<u64> {
        let kept = self.kept.lock().expect("whole");
        kept.iter().map(|key| key.number).collect()
    }

    fn journal(&self) -> Journal {
        self.journal_of(1_000)
    }

    fn journal_of(&self, entries_max: u64) -> Journal {
        let store = self.clone();
        let reopen = self.clone();
        let keeper = Keeper::new(
            Box::new(store),
            Box::new(move || {
                reopen.opened.fetch_add(1, Ordering::Relaxed);
                Ok(Box::new(reopen.clone()))
            }),
            None,
        );
        let queue = Queue::new(0, entries_max);
        let journal = Journal::new(keeper, queue, 1, &Chance::System);
        journal.start();
        journal
    }
}

impl Store for Cable {
    fn commit(&mut self, changes: &[Change]) -> Result<u64, StoreError> {
        self.check()?;
        let mut kept = self.kept.lock().expect("whole");
        for change in changes {
            match change {
                Change::Put(key, _) => {
                    kept.retain(|known| known != key);
                    kept.push(*key);
                }
                Change::Remove(key) => kept.retain(|known| known != key),
            }
        }
        Ok(kept.len() as u64)
    }

    fn left(&mut self, _: Option<Key>, _: usize) -> Result<LeftPage, StoreError> {
        self.check()?;
        Ok(LeftPage::default())
    }
}

#[tokio::test(start_paused = true)]
async fn while_it_cannot_be_written_nobody_is_let_in() {
    let cable = Cable::default();
    let journal = cable.journal();
    assert_eq!(record(&journal).await, Some(0));
    cable.pull(true);
    // Nobody knows yet; the one who finds out is told.
    assert!(journal.takes());
    assert_eq!(record(&journal).await, None);
    assert!(!journal.takes());
    assert_eq!(record(&journal).await, None);
    // A close that was answered meanwhile is not forgotten.
    journal.remove(0);
    assert!(journal.left(None, 1).await.is_none());
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(!journal.takes());
    assert!(
        journal.numbers().errors.get() > 50,
        "it is tried every second"
    );
    assert_eq!(cable.kept(), [0]);

    cable.pull(false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(journal.takes());
    assert!(cable.kept().is_empty(), "the removal came after");
    assert_eq!(record(&journal).await, Some(3));
    assert!(
        cable.opened.load(Ordering::Relaxed) > 50,
        "a file that failed is not used again"
    );
}

#[tokio::test(start_paused = true)]
async fn who_could_not_be_recorded_is_removed_in_case_that_it_was() {
    let cable = Cable::default();
    let journal = cable.journal();
    let number = journal.number();
    let recorded = journal.record(number, "c", &Route::default());
    cable.pull(true);
    assert_eq!(recorded.await, Ok(false));
    // The error came late: it stands there all the same.
    let key = Key { start: 1, number };
    cable.kept.lock().expect("whole").push(key);
    cable.pull(false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(cable.kept().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_one_takes_again_when_there_is_room() {
    let cable = Cable::default();
    let journal = cable.journal_of(3);
    for number in 0..3 {
        assert_eq!(record(&journal).await, Some(number));
    }
    assert!(!journal.takes());
    assert_eq!(record(&journal).await, None);
    assert!(journal.numbers().is_writable(), "it is full, not broken");
    journal.remove(1);
    journal.flush().await;
    assert!(journal.takes());
    assert!(record(&journal).await.is_some());
    assert_eq!(cable.kept(), [0, 2, 4]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_written_before_the_end_and_within_100_ms() {
    let cable = Cable::default();
    let journal = cable.journal();
    for _ in 0..5_000 {
        let number = journal.number();
        drop(journal.record(number, "c", &Route::default()));
    }
    journal.flush().await;
    let commits = journal.numbers().commits.get();
    for number in 0..2_500 {
        journal.remove(number);
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(cable.kept().len(), 2_500);
    let groups = journal.numbers().commits.get() - commits;
    assert_eq!(
        groups, 3,
        "groups of a thousand, so that nobody waits for all of them"
    );
    for number in 2_500..5_000 {
        journal.remove(number);
    }
    drop(journal);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(cable.kept().is_empty());
}
