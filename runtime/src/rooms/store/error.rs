//! Why a store did not do something.

use std::fmt;

use wsfn_protocol::ErrNo;

/// Why a store did not do something. Its text holds neither credentials nor whole ids.
///
/// ```
/// use wsfn::rooms::StoreError;
/// let error = StoreError::unavailable("no answer within 5s");
/// assert_eq!(error.to_string(), "the store cannot be used now: no answer within 5s");
/// ```
pub struct StoreError(Box<Why>);

enum Why {
    Gone,
    Limit(String),
    Invalid(String),
    Conflict,
    Unavailable { why: String, timed_out: bool },
    Refused(String),
}

impl StoreError {
    fn new(why: Why) -> Self {
        Self(Box::new(why))
    }

    /// The connection is gone, or forgotten (errNo 1101).
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// assert_eq!(StoreError::gone().to_string(), "no such connection");
    /// ```
    #[must_use]
    pub fn gone() -> Self {
        Self::new(Why::Gone)
    }

    /// A limit is reached, which the text names (errNo 1102).
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// let error = StoreError::limit("the room has room-members = 2 members");
    /// assert!(error.is_limit());
    /// ```
    #[must_use]
    pub fn limit(text: impl Into<String>) -> Self {
        Self::new(Why::Limit(text.into()))
    }

    /// The connection is in as many rooms as it may be.
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// let error = StoreError::too_many_rooms(100);
    /// assert!(error.to_string().contains("rooms-per-connection = 100"));
    /// ```
    #[must_use]
    pub fn too_many_rooms(rooms_per_connection: usize) -> Self {
        Self::limit(format!(
            "the connection is in rooms-per-connection = {rooms_per_connection} rooms"
        ))
    }

    /// What was asked cannot be done at all (errNo 1104).
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// let error = StoreError::invalid("a room needs a name");
    /// assert!(!error.is_unavailable());
    /// ```
    #[must_use]
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(Why::Invalid(text.into()))
    }

    /// The session has another version than was expected (errNo 1106).
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// assert!(StoreError::conflict().is_conflict());
    /// ```
    #[must_use]
    pub fn conflict() -> Self {
        Self::new(Why::Conflict)
    }

    /// It may work later: the server is not reachable, or busy.
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// let error = StoreError::unavailable("the disk is full");
    /// assert!(error.is_unavailable() && !error.is_timeout());
    /// ```
    #[must_use]
    pub fn unavailable(why: impl Into<String>) -> Self {
        Self::new(Why::Unavailable {
            why: why.into(),
            timed_out: false,
        })
    }

    /// There was no answer in time; what was asked may have happened.
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// let error = StoreError::timed_out("no answer within 2s");
    /// assert!(error.is_unavailable() && error.is_timeout());
    /// ```
    #[must_use]
    pub fn timed_out(why: impl Into<String>) -> Self {
        Self::new(Why::Unavailable {
            why: why.into(),
            timed_out: true,
        })
    }

    /// It does not work until a person does something: a wrong password, a schema from the future.
    ///
    /// ```
    /// use wsfn::rooms::StoreError;
    /// let error = StoreError::refused("its tables are of version 7");
    /// assert_eq!(error.to_string(), "the store cannot be used: its tables are of version 7");
    /// ```
    #[must_use]
    pub fn refused(why: impl Into<String>) -> Self {
        Self::new(Why::Refused(why.into()))
    }

    /// Whether the connection is gone.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// match store.join(id, "lobby", &Terms::default()).await {
    ///     Err(error) if error.is_gone() => println!("left already"),
    ///     other => other?,
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(*self.0, Why::Gone)
    }

    /// Whether a limit is reached.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// match store.join(id, "lobby", &Terms::default()).await {
    ///     Err(error) if error.is_limit() => println!("in enough rooms: {error}"),
    ///     other => other?,
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(*self.0, Why::Limit(_))
    }

    /// Whether the session changed in between.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// match store.set_session(id, "1", Some(7), &Terms::default()).await {
    ///     Err(error) if error.is_conflict() => println!("set by somebody else"),
    ///     other => println!("version {}", other?),
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(*self.0, Why::Conflict)
    }

    /// Whether it may work later.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// match store.ready().await {
    ///     Err(error) if error.is_unavailable() => println!("try again: {error}"),
    ///     other => other?,
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(*self.0, Why::Unavailable { .. })
    }

    /// Whether there was no answer in time.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// match store.leave(id, "lobby").await {
    ///     Err(error) if error.is_timeout() => println!("left, perhaps"),
    ///     other => other?,
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            *self.0,
            Why::Unavailable {
                timed_out: true,
                ..
            }
        )
    }

    /// The number that our gateway would have answered.
    pub(crate) fn err_no(&self) -> Option<ErrNo> {
        match *self.0 {
            Why::Gone => Some(ErrNo::GONE),
            Why::Limit(_) => Some(ErrNo::TOO_LARGE),
            Why::Invalid(_) => Some(ErrNo::BAD_PUSH),
            Why::Conflict => Some(ErrNo::CONFLICT),
            Why::Unavailable { .. } | Why::Refused(_) => None,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Why::Gone => f.write_str("no such connection"),
            Why::Limit(text) | Why::Invalid(text) => f.write_str(text),
            Why::Conflict => f.write_str("the session changed in between"),
            Why::Unavailable { why, .. } => write!(f, "the store cannot be used now: {why}"),
            Why::Refused(why) => write!(f, "the store cannot be used: {why}"),
        }
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({self})")
    }
}

impl std::error::Error for StoreError {}
