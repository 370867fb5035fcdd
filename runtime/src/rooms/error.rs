//! Why something with rooms did not work.

use std::fmt;

use crate::push::PushError;

/// Why something with rooms did not work.
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
pub struct RoomsError(PushError);

impl RoomsError {
    /// Whether the connection is there no more (errNo 1101).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.0.is_gone()
    }

    /// Whether a limit is reached (errNo 1102); the text says which.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.0.is_too_large()
    }

    /// Whether the gateway cannot do it now.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.0.is_throttled()
    }

    /// Whether there was no answer in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.is_timeout()
    }

    /// `errNo` of the gateway's answer.
    #[must_use]
    pub fn err_no(&self) -> Option<i64> {
        self.0.err_no()
    }
}

impl From<PushError> for RoomsError {
    fn from(error: PushError) -> Self {
        Self(error)
    }
}

impl fmt::Display for RoomsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RoomsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomsError({self})")
    }
}

impl std::error::Error for RoomsError {}
