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
pub use page::{MemberPage, PageRequest, StoredSession};
pub(crate) use stored::Stored;
pub use terms::Terms;

use crate::connection_id::ConnectionId;

/// The longest name of a room that a store is asked to keep, in bytes: keys of MySQL's indices end there.
pub const STORE_ROOM_MAX: usize = 1024;

/// The longest id of a connection that a store is asked to keep, in bytes. Those of gateways have 24 or 28 characters.
pub const STORE_ID_MAX: usize = 512;

/// What an operation of a [`Store`] gives.
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
/// # Cancel safety
/// An operation that is dropped before it ends has happened or not, but not by half.
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Connects, and makes or migrates the tables, so that what cannot work is found before the first event. Other
    /// operations do so by themselves where it failed.
    ///
    /// # Errors
    /// [`StoreError::is_unavailable`] where it may work later, and any other where a person has to do something.
    fn ready(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Puts an open or unknown connection into a room, and notes it as seen. Joining again is harmless.
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
    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()>;

    /// Takes a connection out of all its rooms; it stays open.
    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()>;

    /// The rooms of a connection that is open or gone, in any order.
    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>>;

    /// The open connections in a room, or all that are open: a page of them, in the order of the bytes of their ids.
    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage>;

    /// How many open connections are in a room.
    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize>;

    /// The session of a connection that is open or gone.
    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession>;

    /// Sets the session of an open or unknown connection to a JSON text, and notes it as seen; gives the new version,
    /// one more than the old.
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
    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()>;

    /// Notes open connections as gone. Others stay what they are.
    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()>;

    /// Gives out at most `limit` connections that are due, which are due again `lapse` later. Nobody else gets them
    /// meanwhile.
    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>>;

    /// Takes a connection out of all its rooms, drops its session, and remembers for [`Terms::remember`] that it has
    /// been. In passing it lets go of a few whose time is over, so that their number stays bounded without a sweep.
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
