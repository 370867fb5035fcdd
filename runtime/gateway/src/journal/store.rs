//! Where entries are kept.

use std::fmt;

use super::{Entry, Key};

/// A change of what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Writes an entry, new or again.
    Put(Key, Box<[u8]>),
    Remove(Key),
}

/// Something that keeps entries through the end of the process. What fails once is closed and opened again.
pub(super) trait Store: Send {
    /// Makes all of the changes durable, or none; says how many entries there are then.
    fn commit(&mut self, changes: &[Change]) -> Result<u64, StoreError>;

    /// The oldest entries of earlier runs behind `after`, at most so many.
    fn left(&mut self, after: Option<Key>, most: usize) -> Result<LeftPage, StoreError>;
}

/// Some of what earlier runs left behind.
#[derive(Debug, Default)]
pub(crate) struct LeftPage {
    pub(crate) entries: Vec<Left>,
    /// Behind which the next page begins, where there may be one.
    pub(crate) next: Option<Key>,
}

/// An entry that an earlier run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) key: Key,
    /// Since when its close event is due, in seconds since 1970: since its connection's end where that was seen, else
    /// since the start that found it.
    pub(crate) due: u64,
    /// `None` where what stands there is no entry.
    pub(crate) entry: Option<Entry<'static>>,
}

/// Why the store did not do it.
#[derive(Debug)]
pub(super) struct StoreError(pub(super) String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
