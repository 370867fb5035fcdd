//! Why a journal cannot be used.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why the journal's file cannot be opened.
#[derive(Debug)]
pub(crate) struct OpenError {
    path: PathBuf,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Io(String),
    Foreign,
    Newer(u64),
}

impl OpenError {
    pub(super) fn io(path: &Path, error: &impl fmt::Display) -> Self {
        Self::new(path, Reason::Io(error.to_string()))
    }

    pub(super) fn foreign(path: &Path) -> Self {
        Self::new(path, Reason::Foreign)
    }

    pub(super) fn newer(path: &Path, format: u64) -> Self {
        Self::new(path, Reason::Newer(format))
    }

    fn new(path: &Path, reason: Reason) -> Self {
        Self {
            path: path.to_owned(),
            reason,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.reason {
            Reason::Io(error) => write!(f, "data: the journal {path} cannot be opened: {error}"),
            Reason::Foreign => write!(
                f,
                "data: {path} is no journal of a gateway; choose another directory, or move the file away"
            ),
            Reason::Newer(format) => write!(
                f,
                "data: the journal {path} has format {format}, and this version knows format {} only; run the version \
                 that wrote it, or move the file away, which gives up the close events in it",
                super::disk::FORMAT
            ),
        }
    }
}

impl std::error::Error for OpenError {}
