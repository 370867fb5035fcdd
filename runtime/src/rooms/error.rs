//! Why something with rooms or a session did not work.

use std::fmt;

use wsfn_protocol::ErrNo;

use super::StoreError;
use crate::push::PushError;

/// Why something with rooms or a [`Session`](crate::Session) did not work.
///
/// ```no_run
/// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// match rooms.join("lobby", id).await {
///     Err(error) if error.is_gone() => println!("left already"),
///     Err(error) if error.is_too_large() => println!("a limit: {error}"),
///     other => other?,
/// }
/// # Ok(())
/// # }
/// ```
pub struct RoomsError(Why);

enum Why {
    /// The gateway said no, or could not be asked.
    Push(PushError),
    /// The value of a session cannot be read or written.
    Session(String),
    /// The store did.
    Store(StoreError),
}

impl RoomsError {
    /// The value of a session is not what was expected. Serde's own text would repeat parts of it.
    pub(crate) fn session(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        Self(Why::Session(match error.classify() {
            Category::Io => "it cannot be written as JSON".to_owned(),
            Category::Syntax | Category::Data | Category::Eof => {
                format!("another type was expected at column {}", error.column())
            }
        }))
    }

    /// Whether it is about the value of a session.
    pub(crate) const fn is_session(&self) -> bool {
        matches!(self.0, Why::Session(_))
    }

    /// Whether the connection is there no more (errNo 1101).
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) {
    /// if let Err(error) = rooms.join("lobby", id).await {
    ///     println!("left already: {}", error.is_gone());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_gone(&self) -> bool {
        match &self.0 {
            Why::Push(error) => error.is_gone(),
            Why::Store(error) => error.is_gone(),
            Why::Session(_) => false,
        }
    }

    /// Whether the session was set by somebody else in between (errNo 1106).
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<u32>) -> wsfn::Result<()> {
    /// match session.set(7).await {
    ///     Err(error) if error.is_conflict() => session.reload().await?,
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.err_no() == Some(ErrNo::CONFLICT.0)
    }

    /// Whether a limit is reached (errNo 1102); the text says which.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) {
    /// if let Err(error) = rooms.join("lobby", id).await {
    ///     println!("a limit is reached: {}", error.is_too_large());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        match &self.0 {
            Why::Push(error) => error.is_too_large(),
            Why::Store(error) => error.is_limit(),
            Why::Session(_) => false,
        }
    }

    /// Whether the gateway, or the store, cannot do it now.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) {
    /// if let Err(error) = rooms.join("lobby", id).await {
    ///     println!("try later: {}", error.is_throttled());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        match &self.0 {
            Why::Push(error) => error.is_throttled(),
            Why::Store(error) => error.is_unavailable(),
            Why::Session(_) => false,
        }
    }

    /// Whether there was no answer in time.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) {
    /// if let Err(error) = rooms.join("lobby", id).await {
    ///     println!("perhaps done: {}", error.is_timeout());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0 {
            Why::Push(error) => error.is_timeout(),
            Why::Store(error) => error.is_timeout(),
            Why::Session(_) => false,
        }
    }

    /// `errNo` of the gateway's answer, or what it would have been where a store answered.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) {
    /// if let Err(error) = rooms.join("lobby", id).await {
    ///     println!("{:?}", error.err_no());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn err_no(&self) -> Option<i64> {
        match &self.0 {
            Why::Push(error) => error.err_no(),
            Why::Store(error) => error.err_no().map(|ErrNo(number)| number),
            Why::Session(_) => None,
        }
    }
}

impl From<PushError> for RoomsError {
    fn from(error: PushError) -> Self {
        Self(Why::Push(error))
    }
}

impl From<StoreError> for RoomsError {
    fn from(error: StoreError) -> Self {
        Self(Why::Store(error))
    }
}

impl fmt::Display for RoomsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Push(error) => error.fmt(f),
            Why::Session(why) => write!(f, "the session's value: {why}"),
            Why::Store(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for RoomsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomsError({self})")
    }
}

impl std::error::Error for RoomsError {}
