//! Stores: rooms that outlive the gateway.

mod error;
mod fan_out;
mod joined;
mod lent;
mod memory;
mod open;
mod page;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "__sql")]
mod sql;
mod stored;
mod terms;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use error::StoreError;
pub(crate) use lent::Lent;
pub use memory::MemoryStore;
pub(crate) use open::of_settings;
pub use open::open;
#[cfg(feature = "testing")]
pub(crate) use open::open_within;
pub use page::{MemberPage, PageRequest, StoredSession};
pub(crate) use stored::Stored;
pub use terms::Terms;

use crate::connection_id::ConnectionId;

/// The longest name of a room that a store is asked to keep, in bytes: keys of MySQL's indices end there.
///
/// ```
/// assert!("lobby".len() <= wsfn::rooms::STORE_ROOM_MAX);
/// ```
pub const STORE_ROOM_MAX: usize = 1024;

/// The longest id of a connection that a store is asked to keep, in bytes. Those of gateways have 24 or 28 characters.
///
/// ```
/// use wsfn::rooms::STORE_ID_MAX;
/// assert!("xawexasdfewezdfsdfeasdfffa==".len() <= STORE_ID_MAX);
/// ```
pub const STORE_ID_MAX: usize = 512;

/// What an operation of a [`Store`] gives.
///
/// ```
/// use wsfn::rooms::StoreFuture;
///
/// fn count<'a>() -> StoreFuture<'a, usize> {
///     Box::pin(async { Ok(0) })
/// }
/// ```
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps rooms and sessions where they outlive a gateway: a database. [`Rooms`](crate::Rooms) and sessions work on one
/// where the setting `store` names it, or [`App::store`](crate::App::store) gives it.
///
/// A connection is in one of these states:
///
/// | state | how | is a member | its rooms and session are read | may join |
/// |---|---|---|---|---|
/// | unknown | never heard of | no | as none | yes: it is open then |
/// | open | `join`, `seen`, `set_session` | yes | yes | yes |
/// | gone | `gone` | no | yes | no |
/// | forgotten | `forget`; for as long as [`Terms::remember`] says, then unknown | no | as none | no |
///
/// Each connection that is open or gone has a time at which it is due to be looked after: one lease after it was last
/// seen, or [`Terms::grace`] after it was found gone. `claim` gives out those that are due, and moves that time, so that
/// of several sweepers one gets each. All of these times are on the clock of the store, and no other.
///
/// Names of rooms (1 to [`STORE_ROOM_MAX`] bytes) and ids (1 to [`STORE_ID_MAX`] bytes) are checked before a store is
/// asked. They may hold any character, and those that differ in one byte differ.
///
/// What is acknowledged is seen by whatever begins afterwards, in this process and in others. Every operation may be
/// repeated: it is, where the answer to one got lost. `rooms::contract`, with the feature `testing`,
/// tells whether a store does all this.
///
/// ```
/// use wsfn::{ConnectionId, rooms::{MemoryStore, PageRequest, Store, StoreError, Terms}};
///
/// /// A job that tells who is in a room, whatever the store.
/// async fn names(store: &dyn Store, room: &str) -> Result<usize, StoreError> {
///     let page = store.members(PageRequest::new(Some(room), 100)).await?;
///     Ok(page.ids.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), StoreError> {
/// let store = MemoryStore::new();
/// store.join(&ConnectionId::new("ann"), "lobby", &Terms::default()).await?;
/// assert_eq!(names(&store, "lobby").await?, 1);
/// # Ok(()) }
/// ```
///
/// # Cancel safety
/// An operation that is dropped before it ends has happened or not, but not by half.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Connects, and makes or migrates the tables, so that what cannot work is found before the first event. Other
    /// operations do so by themselves where it failed.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.ready().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::is_unavailable`] where it may work later, and any other where a person has to do something.
    fn ready(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Puts an open or unknown connection into a room, and notes it as seen. Joining again is harmless.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.join(id, "lobby", &Terms::default()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::gone`] for one that is gone or forgotten; [`StoreError::limit`] where it is in
    /// [`Terms::rooms_per_connection`] other rooms. Joins at the same moment may pass that limit by their number.
    fn join<'a>(
        &'a self,
        id: &'a ConnectionId,
        room: &'a str,
        terms: &'a Terms,
    ) -> StoreFuture<'a, ()>;

    /// Takes a connection out of a room. One that is not in it is no error.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.leave(id, "lobby").await?;
    /// # Ok(()) }
    /// ```
    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()>;

    /// Takes a connection out of all its rooms; it stays open.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.leave_all(id).await?;
    /// # Ok(()) }
    /// ```
    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()>;

    /// The rooms of a connection that is open or gone, in any order.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// for room in store.rooms_of(id).await? {
    ///     println!("{room}");
    /// }
    /// # Ok(()) }
    /// ```
    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>>;

    /// The open connections in a room, or all that are open: a page of them, in the order of the bytes of their ids.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// let page = store.members(PageRequest::new(Some("lobby"), 100)).await?;
    /// let everyone = store.members(PageRequest::new(None, 100)).await?;
    /// # Ok(()) }
    /// ```
    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage>;

    /// How many open connections are in a room.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// println!("{} are here", store.count("lobby").await?);
    /// # Ok(()) }
    /// ```
    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize>;

    /// The session of a connection that is open or gone.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// let session = store.session(id).await?;
    /// # Ok(()) }
    /// ```
    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession>;

    /// Sets the session of an open or unknown connection to a JSON text, and notes it as seen; gives the new version,
    /// one more than the old.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// let session = store.session(id).await?;
    /// let version = store.set_session(id, "{}", Some(session.version), &Terms::default()).await?;
    /// assert_eq!(version, session.version + 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::conflict`] where `version` is given and is not the one before; [`StoreError::gone`] for a
    /// connection that is gone or forgotten.
    fn set_session<'a>(
        &'a self,
        id: &'a ConnectionId,
        value: &'a str,
        version: Option<u64>,
        terms: &'a Terms,
    ) -> StoreFuture<'a, u64>;

    /// Notes open and unknown connections as seen now: their lease begins anew, and a claim on them ends. Those that are
    /// gone or forgotten stay so.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.seen(&[id.clone()], &Terms::default()).await?;
    /// # Ok(()) }
    /// ```
    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()>;

    /// Notes open connections as gone. Others stay what they are.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.gone(&[id.clone()], &Terms::default()).await?;
    /// assert!(store.join(id, "lobby", &Terms::default()).await.unwrap_err().is_gone());
    /// # Ok(()) }
    /// ```
    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()>;

    /// Gives out at most `limit` connections that are due, which are due again `lapse` later. Nobody else gets them
    /// meanwhile.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// # use std::time::Duration;
    /// for id in store.claim(100, Duration::from_secs(16 * 60)).await? {
    ///     println!("{id:?} is to be looked after");
    /// }
    /// # Ok(()) }
    /// ```
    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>>;

    /// Takes a connection out of all its rooms, drops its session, and remembers for [`Terms::remember`] that it has
    /// been. In passing it lets go of a few whose time is over, so that their number stays bounded without a sweep.
    ///
    /// ```
    /// # use wsfn::{ConnectionId, rooms::{PageRequest, Store, StoreError, Terms}};
    /// # async fn example(store: &dyn Store, id: &ConnectionId) -> Result<(), StoreError> {
    /// store.forget(id, &Terms::default()).await?;
    /// assert!(store.rooms_of(id).await?.is_empty());
    /// # Ok(()) }
    /// ```
    fn forget<'a>(&'a self, id: &'a ConnectionId, terms: &'a Terms) -> StoreFuture<'a, ()>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn ready(&self) -> StoreFuture<'_, ()> {
        (**self).ready()
    }

    fn join<'a>(
        &'a self,
        id: &'a ConnectionId,
        room: &'a str,
        terms: &'a Terms,
    ) -> StoreFuture<'a, ()> {
        (**self).join(id, room, terms)
    }

    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()> {
        (**self).leave(id, room)
    }

    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()> {
        (**self).leave_all(id)
    }

    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>> {
        (**self).rooms_of(id)
    }

    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage> {
        (**self).members(page)
    }

    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize> {
        (**self).count(room)
    }

    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession> {
        (**self).session(id)
    }

    fn set_session<'a>(
        &'a self,
        id: &'a ConnectionId,
        value: &'a str,
        version: Option<u64>,
        terms: &'a Terms,
    ) -> StoreFuture<'a, u64> {
        (**self).set_session(id, value, version, terms)
    }

    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        (**self).seen(ids, terms)
    }

    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        (**self).gone(ids, terms)
    }

    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>> {
        (**self).claim(limit, lapse)
    }

    fn forget<'a>(&'a self, id: &'a ConnectionId, terms: &'a Terms) -> StoreFuture<'a, ()> {
        (**self).forget(id, terms)
    }
}
