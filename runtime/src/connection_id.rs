//! Which connection.

use std::fmt;
use std::sync::Arc;

/// The most characters of an id that stand in a log line: as many, and the same, as the gateway's own log shows.
const SHOWN: usize = 6;

/// Names one client's connection: `secConnectionID`.
///
/// It is opaque, and a secret: who has it and the push address can write to that client. So it has no `Display`,
/// `Debug` shows its last six characters, and all of it is only in [`ConnectionId::as_str`]. A clone copies no text.
///
/// ```
/// use wsfn::ConnectionId;
/// let id = ConnectionId::new("xawexasdfewezdfsdfeasdfffa==");
/// assert_eq!(format!("{id:?}"), "…sdfffa");
/// assert_eq!(id.as_str(), "xawexasdfewezdfsdfeasdfffa==");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(Arc<str>);

impl ConnectionId {
    /// The id that was stored elsewhere, as it was.
    ///
    /// ```
    /// let id = wsfn::ConnectionId::new("xawexasdfewezdfsdfeasdfffa==");
    /// ```
    #[must_use]
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The whole id. Not for logs, and not for other clients.
    ///
    /// ```
    /// let id = wsfn::ConnectionId::new("xawexasdfewezdfsdfeasdfffa==");
    /// assert!(id.as_str().ends_with("=="));
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The end, because the ids of a gateway begin alike; not the padding, which they share too.
        let id = self.0.trim_end_matches('=');
        match id.char_indices().nth_back(SHOWN - 1) {
            Some((start, _)) if start > 0 => write!(f, "…{}", &id[start..]),
            _ => f.write_str(id),
        }
    }
}

impl From<&str> for ConnectionId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for ConnectionId {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

impl From<&Self> for ConnectionId {
    fn from(id: &Self) -> Self {
        id.clone()
    }
}
