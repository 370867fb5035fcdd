//! From the setting `store` to a store.

use std::sync::Arc;

use wsfn_settings::{Settings, StoreUrl};

use super::{Store, StoreError};

/// The store at an address, as the setting `store` has it, with the defaults of the other settings. Nothing is connected
/// to yet.
///
/// ```no_run
/// # fn example() -> Result<(), wsfn::rooms::StoreError> {
/// let store = wsfn::rooms::open("sqlite:///var/lib/chat/rooms.db")?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// When it is no address of a store, or the crate was built without the feature that it needs.
pub fn open(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let url = StoreUrl::parse(url).map_err(StoreError::refused)?;
    opened(&url, &Settings::default())
}

/// The same, which waits for so long where the setting `store-timeout` would say how long.
#[cfg(feature = "testing")]
pub(crate) fn open_within(
    url: &str,
    timeout: std::time::Duration,
) -> Result<Arc<dyn Store>, StoreError> {
    let url = StoreUrl::parse(url).map_err(StoreError::refused)?;
    let settings = Settings {
        store_timeout: timeout,
        ..Settings::default()
    };
    opened(&url, &settings)
}

/// The store that the settings name.
pub(crate) fn of_settings(settings: &Settings) -> Result<Option<Arc<dyn Store>>, StoreError> {
    let url = settings.store.as_ref();
    url.map(|url| opened(url, settings)).transpose()
}

#[cfg_attr(
    not(any(feature = "__sql", feature = "redis")),
    expect(unused_variables, reason = "every store needs them")
)]
fn opened(url: &StoreUrl, settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    match url.scheme() {
        #[cfg(feature = "sqlite")]
        "sqlite" => {
            let server = super::sql::Sqlite::open(url, settings);
            Ok(Arc::new(super::sql::SqlStore::new(server)))
        }
        #[cfg(feature = "mysql")]
        "mysql" => {
            let server = super::sql::MySql::open(url, settings)?;
            Ok(Arc::new(super::sql::SqlStore::new(server)))
        }
        #[cfg(feature = "postgres")]
        "postgres" => {
            let server = super::sql::Postgres::open(url, settings)?;
            Ok(Arc::new(super::sql::SqlStore::new(server)))
        }
        #[cfg(feature = "redis")]
        "redis" => Ok(Arc::new(super::redis::Redis::open(url, settings)?)),
        scheme => Err(StoreError::refused(format!(
            "{url} needs the feature `{scheme}` of the crate wsfn"
        ))),
    }
}
