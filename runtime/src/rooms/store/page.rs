//! Members, page by page.

use crate::connection_id::ConnectionId;

/// Which page of members is wanted.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PageRequest<'a> {
    /// The room; `None` for every open connection.
    pub room: Option<&'a str>,
    /// Only ids whose bytes come after those of this one.
    pub after: Option<&'a str>,
    /// The most members in the page; at least one.
    pub limit: usize,
    /// Whether their sessions are wanted too.
    pub sessions: bool,
}

impl<'a> PageRequest<'a> {
    /// The first page of a room, or of all open connections.
    #[must_use]
    pub const fn new(room: Option<&'a str>, limit: usize) -> Self {
        Self {
            room,
            after: None,
            limit,
            sessions: false,
        }
    }

    /// The page behind this id.
    #[must_use]
    pub const fn after(mut self, after: Option<&'a str>) -> Self {
        self.after = after;
        self
    }

    /// With the members' sessions.
    #[must_use]
    pub const fn with_sessions(mut self, sessions: bool) -> Self {
        self.sessions = sessions;
        self
    }
}

/// Some of a room's members, in the order of the bytes of their ids.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MemberPage {
    /// Who.
    pub ids: Vec<ConnectionId>,
    /// Their sessions, one for each id, where they were asked for.
    pub sessions: Vec<StoredSession>,
    /// How many the whole room has: given with the first page of a room.
    pub count: Option<usize>,
    /// Whether there may be more behind the last of them.
    pub more: bool,
}

impl MemberPage {
    /// A page without sessions and without a count.
    #[must_use]
    pub const fn new(ids: Vec<ConnectionId>, more: bool) -> Self {
        Self {
            ids,
            sessions: Vec::new(),
            count: None,
            more,
        }
    }
}

/// The value that is kept with a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSession {
    /// A JSON text; `None` at first.
    pub value: Option<String>,
    /// How often it was set; 0 at first.
    pub version: u64,
}

impl StoredSession {
    /// A value and its version.
    #[must_use]
    pub const fn new(value: Option<String>, version: u64) -> Self {
        Self { value, version }
    }
}
