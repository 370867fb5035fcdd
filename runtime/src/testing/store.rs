//! Stores for tests.

use std::sync::Arc;
use std::time::Duration;

use crate::rooms::{Store, StoreError};

/// The store at an address, as [`rooms::open`](crate::rooms::open) gives it, which waits for `timeout` where the setting
/// `store-timeout` would say how long: a machine that runs tests may be busier than one that serves people.
///
/// ```no_run
/// # fn example() -> Result<(), wsfn::rooms::StoreError> {
/// use std::time::Duration;
///
/// let store = wsfn::testing::open_store("sqlite:///tmp/rooms.db", Duration::from_secs(60))?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// As [`rooms::open`](crate::rooms::open).
pub fn open_store(url: &str, timeout: Duration) -> Result<Arc<dyn Store>, StoreError> {
    crate::rooms::open_within(url, timeout)
}
