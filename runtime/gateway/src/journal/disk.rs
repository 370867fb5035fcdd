//! The journal's file.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageError,
    TableDefinition, TableError,
};

use super::error::OpenError;
use super::store::{Change, Left, LeftPage, Store, StoreError};
use super::{Entry, Key};

/// The layout of what follows. A file with another number is not touched.
pub(super) const FORMAT: u64 = 1;

/// `format`: the number above.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// When the gateway was started, in seconds since 1970, by the number of the start.
const STARTS: TableDefinition<'_, u64, u64> = TableDefinition::new("starts");
/// By start and number.
const ENTRIES: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("entries");

/// What the library may hold in memory of the file: the pages at its end, where entries come in, and some of those from
/// which they go.
const CACHE: usize = 16 << 20;

/// A file that is open.
pub(super) struct Disk {
    database: Database,
    /// The number of this run.
    start: u64,
    entries: u64,
}

impl Disk {
    /// Opens the file, or makes it, without changing what it holds.
    ///
    /// # Errors
    /// When the system does not let it, or the file was not written by this version or an earlier one.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let database = Database::builder()
            .set_cache_size(CACHE)
            .create(path)
            .map_err(|error| OpenError::of(path, error))?;
        let disk = Self::look(database).map_err(|error| OpenError::io(path, &error))?;
        match disk.1 {
            None | Some(FORMAT) => Ok(disk.0),
            Some(format) => Err(OpenError::newer(path, format)),
        }
    }

    /// What is there: the format, where there is one, and the next number of a start.
    fn look(database: Database) -> Result<(Self, Option<u64>), StoreError> {
        let read = database.begin_read()?;
        let format = match read.open_table(META) {
            Ok(meta) => meta.get("format")?.map(|format| format.value()),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let mut disk = Self {
            database,
            start: 1,
            entries: 0,
        };
        if format == Some(FORMAT) {
            let last = read
                .open_table(STARTS)?
                .last()?
                .map(|(start, _)| start.value());
            disk.start = last.map_or(1, |last| last + 1);
            disk.entries = read.open_table(ENTRIES)?.len()?;
        }
        Ok((disk, format))
    }

    /// Begins a run: entries that are there now are left from earlier ones.
    pub(super) fn begin(&mut self, now: u64) -> Result<(), StoreError> {
        let write = self.database.begin_write()?;
        {
            write.open_table(META)?.insert("format", FORMAT)?;
            let entries = write.open_table(ENTRIES)?;
            let mut starts = write.open_table(STARTS)?;
            starts.insert(self.start, now)?;
            // Starts before the oldest entry say nothing any more.
            let oldest = entries
                .first()?
                .map_or(self.start, |(key, _)| key.value().0);
            starts.retain(|start, _| start >= oldest)?;
        }
        write.commit()?;
        Ok(())
    }

    /// The number of this run.
    pub(super) const fn start(&self) -> u64 {
        self.start
    }

    /// Goes on with the run that another opening of the file began.
    pub(super) const fn resume(&mut self, start: u64) {
        self.start = start;
    }

    /// How many entries there were when it was opened.
    pub(super) const fn entries(&self) -> u64 {
        self.entries
    }
}

impl Store for Disk {
    fn commit(&mut self, changes: &[Change]) -> Result<u64, StoreError> {
        let write = self.database.begin_write()?;
        let left = {
            let mut entries = write.open_table(ENTRIES)?;
            for change in changes {
                match change {
                    Change::Put(key, entry) => {
                        entries.insert((key.start, key.number), &**entry)?;
                    }
                    Change::Remove(key) => {
                        entries.remove((key.start, key.number))?;
                    }
                }
            }
            entries.len()?
        };
        write.commit()?;
        Ok(left)
    }

    fn left(&mut self, after: Option<Key>, most: usize) -> Result<LeftPage, StoreError> {
        let read = self.database.begin_read()?;
        let (entries, starts) = (read.open_table(ENTRIES)?, read.open_table(STARTS)?);
        let from = after.map_or((0, 0), |key| (key.start, key.number.saturating_add(1)));
        let mut page = LeftPage::default();
        for row in entries.range(from..(self.start, 0))?.take(most) {
            let (key, entry) = row?;
            let (start, number) = key.value();
            let entry = Entry::decode(entry.value());
            let ended = entry.as_ref().and_then(|entry| entry.ended.as_ref());
            let due = match ended {
                Some(ended) => ended.at,
                // The next start is the first at which it was known to be over.
                None => match starts.range(start + 1..)?.next() {
                    Some(next) => next?.1.value(),
                    None => now(),
                },
            };
            page.entries.push(Left {
                key: Key { start, number },
                due,
                entry,
            });
        }
        if page.entries.len() == most {
            page.next = page.entries.last().map(|left| left.key);
        }
        Ok(page)
    }
}

/// Seconds since 1970. The wall clock, since a monotonic one does not go on across a restart (T1).
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

impl OpenError {
    fn of(path: &Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::Storage(StorageError::Io(error))
                if error.kind() == std::io::ErrorKind::InvalidData =>
            {
                Self::foreign(path)
            }
            error => Self::io(path, &error),
        }
    }
}
