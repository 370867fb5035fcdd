//! What is recorded is there at the next start, and what is removed is not.

use std::time::Duration;

use redb::{Database, TableDefinition};

use super::{Folder, all_left, end, record};
use crate::chance::Chance;
use crate::data::Data;
use crate::journal::disk::FORMAT;
use crate::journal::{FILE, Journal, Route};
use crate::machine::Ending;

#[tokio::test]
async fn the_next_start_finds_what_was_not_removed() {
    let folder = Folder::new();
    let journal = folder.journal();
    let mut numbers = Vec::new();
    for _ in 0..20 {
        numbers.push(record(&journal).await.expect("recorded"));
    }
    assert_eq!(journal.numbers().entries(), 20);
    assert!(
        all_left(&journal).await.is_empty(),
        "this run's are not left"
    );
    for number in &numbers[..5] {
        journal.remove(*number);
    }
    let ending = Ending::new(wsfn_protocol::CloseCode(4000), "enough");
    journal.ended(numbers[5], "c5", &Route::default(), &ending);
    let event_id = journal.event_id(numbers[5]);
    end(journal).await;

    let journal = folder.journal();
    assert_eq!(journal.numbers().left(), 15);
    let left = all_left(&journal).await;
    let ids: Vec<_> = left
        .iter()
        .map(|left| left.entry.as_ref().expect("an entry").id.to_string())
        .collect();
    let expected: Vec<_> = numbers[5..]
        .iter()
        .map(|number| format!("c{number}"))
        .collect();
    assert_eq!(ids, expected, "in the order in which they came");
    let known = left[0].entry.as_ref().expect("an entry");
    assert_eq!(*known.event, *event_id);
    assert_eq!(known.ending(), ending);
    assert_eq!(
        left[1].entry.as_ref().expect("an entry").ending(),
        Ending::LOST
    );
    for left in &left {
        journal.done(left);
    }
    assert!(
        all_left(&journal).await.is_empty(),
        "removals that wait count"
    );
    end(journal).await;
    assert_eq!(folder.journal().numbers().entries(), 0);
}

#[tokio::test]
async fn what_is_answered_is_not_found_again_while_its_removal_waits() {
    let folder = Folder::new();
    let journal = folder.journal();
    let records: Vec<_> = (0..1_500)
        .map(|_| journal.record(journal.number(), "c", &Route::default()))
        .collect();
    for record in records {
        assert_eq!(record.await, Ok(true));
    }
    end(journal).await;
    let journal = folder.journal();
    let left = journal.left(None, 2_000).await.expect("readable").entries;
    assert_eq!(left.len(), 1_500);
    for left in &left {
        journal.done(left);
    }
    // More than one group: with this answer, some are removed and others are not.
    let page = journal.left(None, 2_000).await.expect("readable");
    assert!(page.entries.is_empty(), "{}", page.entries.len());
    end(journal).await;
}

#[tokio::test]
async fn an_end_that_nobody_saw_is_as_old_as_the_start_that_found_it() {
    let folder = Folder::new();
    let journal = folder.journal();
    record(&journal).await.expect("recorded");
    end(journal).await;
    let journal = folder.journal();
    let due = all_left(&journal).await[0].due;
    end(journal).await;
    // A later start does not make it younger, and a clock that was set back does not make it older than it is.
    let journal = folder.journal();
    let mut left = all_left(&journal).await.remove(0);
    assert_eq!(left.due, due);
    left.due += 1_000_000;
    assert!(journal.age(&left) < Duration::from_secs(1_000));
    left.due -= 1_500_000;
    assert!(journal.age(&left) >= Duration::from_secs(500_000));
    end(journal).await;
}

#[tokio::test]
async fn an_entry_that_is_closed_soon_is_one_change() {
    let folder = Folder::new();
    let journal = folder.journal();
    let number = record(&journal).await.expect("recorded");
    journal.ended(number, "c", &Route::default(), &Ending::LOST);
    journal.remove(number);
    journal.flush().await;
    assert_eq!(journal.numbers().changes.get(), 2, "a record and a removal");
    assert_eq!(journal.numbers().entries(), 0);
    end(journal).await;
}

#[tokio::test]
async fn a_storm_shares_groups() {
    let folder = Folder::new();
    let journal = folder.journal();
    let records: Vec<_> = (0..1_000)
        .map(|_| journal.record(journal.number(), "c", &Route::default()))
        .collect();
    for record in records {
        assert_eq!(record.await, Ok(true));
    }
    let commits = journal.numbers().commits.get();
    assert!(
        commits <= 2,
        "{commits} writes to disk for a thousand at once"
    );
    end(journal).await;
}

#[tokio::test]
async fn a_newer_format_is_refused_and_left_alone() {
    let folder = Folder::new();
    drop(Data::open(&folder.0).expect("a directory"));
    {
        let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
        let file = Database::create(folder.0.join(FILE)).expect("a file");
        let write = file.begin_write().expect("begun");
        write
            .open_table(meta)
            .expect("a table")
            .insert("format", FORMAT + 1)
            .expect("written");
        write.commit().expect("committed");
    }
    let open = || {
        let data = Data::open(&folder.0).expect("a directory");
        let opened = Journal::open(&folder.0, data, &Chance::System);
        opened.expect_err("newer").to_string()
    };
    // Also the second time: the first has written nothing of ours.
    for _ in 0..2 {
        let error = open();
        assert!(
            error.contains("has format 2") && error.contains("format 1 only"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_no_journal_is_refused() {
    for wrong in [&b"x"[..], &[0; 4096], &[b'a'; 10_000]] {
        let folder = Folder::new();
        let data = Data::open(&folder.0).expect("a directory");
        std::fs::write(folder.0.join(FILE), wrong).expect("written");
        let opened = Journal::open(&folder.0, data, &Chance::System);
        let error = opened.expect_err("no journal").to_string();
        assert!(error.contains("journal.redb"), "{error}");
        assert_eq!(std::fs::read(folder.0.join(FILE)).expect("read"), wrong);
    }
}
