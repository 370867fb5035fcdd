//! Members, page by page.

use crate::connection_id::ConnectionId;

/// Which page of members is wanted.
///
/// ```
/// # use wsfn::rooms::{PageRequest, Store, StoreError};
/// # async fn example(store: &dyn Store) -> Result<(), StoreError> {
/// let first = store.members(PageRequest::new(Some("lobby"), 100)).await?;
/// let last = first.ids.last().map(|id| id.as_str());
/// let second = store.members(PageRequest::new(Some("lobby"), 100).after(last)).await?;
/// # Ok(()) }
/// ```
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
    /// Whether the first page of a room is to say how many the room has: a broadcast has no use for it.
    pub counted: bool,
}

impl<'a> PageRequest<'a> {
    /// The first page of a room, or of all open connections.
    ///
    /// ```
    /// let page = wsfn::rooms::PageRequest::new(Some("lobby"), 100);
    /// assert_eq!((page.after, page.sessions, page.counted), (None, false, true));
    /// ```
    #[must_use]
    pub const fn new(room: Option<&'a str>, limit: usize) -> Self {
        Self {
            room,
            after: None,
            limit,
            sessions: false,
            counted: true,
        }
    }

    /// The page behind this id.
    ///
    /// ```
    /// let page = wsfn::rooms::PageRequest::new(Some("lobby"), 100).after(Some("ann"));
    /// assert_eq!(page.after, Some("ann"));
    /// ```
    #[must_use]
    pub const fn after(mut self, after: Option<&'a str>) -> Self {
        self.after = after;
        self
    }

    /// With the members' sessions.
    ///
    /// ```
    /// let page = wsfn::rooms::PageRequest::new(Some("lobby"), 100).with_sessions(true);
    /// assert!(page.sessions);
    /// ```
    #[must_use]
    pub const fn with_sessions(mut self, sessions: bool) -> Self {
        self.sessions = sessions;
        self
    }

    /// With the number of all who are in the room, or without.
    ///
    /// ```
    /// let page = wsfn::rooms::PageRequest::new(Some("lobby"), 100).counted(false);
    /// assert!(!page.counted);
    /// ```
    #[must_use]
    pub const fn counted(mut self, counted: bool) -> Self {
        self.counted = counted;
        self
    }
}

/// Some of a room's members, in the order of the bytes of their ids.
///
/// ```
/// # use wsfn::rooms::{PageRequest, Store, StoreError};
/// # async fn example(store: &dyn Store) -> Result<(), StoreError> {
/// let page = store.members(PageRequest::new(Some("lobby"), 100)).await?;
/// println!("{} of {:?}, {}", page.ids.len(), page.count, if page.more { "more" } else { "all" });
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MemberPage {
    /// Who.
    pub ids: Vec<ConnectionId>,
    /// Their sessions, one for each id, where they were asked for.
    pub sessions: Vec<StoredSession>,
    /// How many the whole room has: given with the first page of a room, if it was asked for. Where it is not, `count`
    /// is asked.
    pub count: Option<usize>,
    /// Whether there may be more behind the last of them.
    pub more: bool,
}

impl MemberPage {
    /// A page without sessions and without a count.
    ///
    /// ```
    /// use wsfn::{ConnectionId, rooms::MemberPage};
    /// let page = MemberPage::new(vec![ConnectionId::new("ann")], false);
    /// assert_eq!(page.count, None);
    /// ```
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
///
/// ```
/// # use wsfn::{ConnectionId, rooms::{Store, StoreError}};
/// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
/// let session = store.session(id).await?;
/// println!("{} at version {}", session.value.as_deref().unwrap_or("nothing"), session.version);
/// # Ok(()) }
/// ```
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
    ///
    /// ```
    /// let session = wsfn::rooms::StoredSession::new(Some("\"ann\"".to_owned()), 1);
    /// assert_eq!(session.version, 1);
    /// ```
    #[must_use]
    pub const fn new(value: Option<String>, version: u64) -> Self {
        Self { value, version }
    }
}
