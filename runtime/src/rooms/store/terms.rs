//! For how long a store keeps what, and how much.

use std::time::Duration;

/// For how long a store keeps what, and how much of it.
///
/// ```
/// use std::time::Duration;
/// use wsfn::rooms::Terms;
///
/// let mut terms = Terms::default();
/// terms.lease = Duration::from_secs(60);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// After how long without a sign of it a connection is due to be looked after: the setting `store-lease`.
    pub lease: Duration,
    /// After how long a connection that was found gone is due: its own close event comes before that, mostly.
    pub grace: Duration,
    /// For how long it is remembered that a connection has been: longer than anything that could still join it runs.
    pub remember: Duration,
    /// The most rooms of one connection: the setting `rooms-per-connection`.
    pub rooms_per_connection: usize,
}

impl Default for Terms {
    fn default() -> Self {
        let settings = wsfn_settings::Settings::default();
        Self {
            lease: settings.store_lease,
            // A gateway of ours sends the close event at once; a function that cannot be reached for a minute has
            // lost more than this.
            grace: Duration::from_secs(60),
            // Twice the longest that a function in SCF runs (583/11637).
            remember: Duration::from_secs(30 * 60),
            rooms_per_connection: settings.rooms_per_connection,
        }
    }
}
