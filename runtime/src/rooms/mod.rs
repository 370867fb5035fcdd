//! Rooms: groups of connections, kept by the gateway that holds the sockets, or by a store that outlives it.
//!
//! [`Rooms`] is what handlers ask for. Everything else here is for those who keep rooms in a [`Store`]: of ours, or of
//! their own.

mod audience;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod members;
mod pages;
mod present;
pub(crate) mod store;

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use store::{Lent, Stored};
use wsfn_protocol::{Answer, Audience, Payload, Request};
use wsfn_settings::Settings;

pub use audience::Broadcast;
pub use error::RoomsError;
pub use members::{Members, Page};
pub use present::{Member, MembersWith, PageWith};
#[cfg(feature = "testing")]
pub(crate) use store::open_within;
pub use store::{
    MemberPage, MemoryStore, PageRequest, STORE_ID_MAX, STORE_ROOM_MAX, Store, StoreError,
    StoreFuture, StoredSession, Terms, open,
};

use crate::connection_id::ConnectionId;
use crate::message::IntoMessage;
use crate::push::{Push, Report};
use crate::session::Session;

/// Groups of connections, by name. They live in our gateway, where the sockets are: a closed connection leaves by
/// itself, and a broadcast is one small request however many it reaches. With the embedded gateway it is a function
/// call, else a request to `push-url`. Tencent's gateway has no rooms: there the same calls work on
/// [a store](crate::guide::stores).
///
/// A room exists while someone is in it. Names that begin with `user:` are the connections of one user.
///
/// ```
/// # use wsfn::{ConnectionId, Result, Rooms};
/// async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
///     rooms.join("lobby", id).await?;
///     rooms.broadcast("lobby", "someone entered").except([id]).await?;
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Rooms {
    push: Push,
}

impl Rooms {
    pub(crate) const fn new(push: Push) -> Self {
        Self { push }
    }

    /// Rooms in a store, for programs that are no function of the application: a job that announces something. The
    /// members are read from the store, and `push` brings them the message. In an application
    /// [`App::store`](crate::App::store), or the setting `store`, gives every handler its rooms there.
    ///
    /// ```no_run
    /// # async fn example(store: wsfn::rooms::MemoryStore) -> wsfn::Result<()> {
    /// let push = wsfn::Push::to_url("http://set-x.cb-y.apigateway.tencentyun.com/api-z")?;
    /// let rooms = wsfn::Rooms::on_store(&push, store);
    /// rooms.broadcast("lobby", "back in five minutes").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on_store(push: &Push, store: impl Store) -> Self {
        let stored = Stored::new(Arc::new(store), &Settings::default());
        Self::new(push.on_store(Some(Lent::new(Arc::new(stored)))))
    }

    /// The push client that the rooms are reached with.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.push().text(id, "hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn push(&self) -> &Push {
        &self.push
    }

    /// Puts a connection into a room. Joining again is harmless. Every broadcast that starts after this returned
    /// reaches the connection.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.join("lobby", id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the connection is gone, a limit (`rooms-per-connection`, `room-members`, `room-name`) is reached, or the
    /// gateway is not reachable.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the connection may or may not have joined.
    pub async fn join(&self, room: impl AsRef<str>, id: &ConnectionId) -> Result<(), RoomsError> {
        let (id, room) = (id.as_str().into(), room.as_ref().into());
        self.act(Request::Join { id, room }).await?;
        Ok(())
    }

    /// Takes a connection out of a room. Leaving a room that it is not in is harmless.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.leave("lobby", id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the gateway is not reachable, or says no.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the connection may or may not have left.
    pub async fn leave(&self, room: impl AsRef<str>, id: &ConnectionId) -> Result<(), RoomsError> {
        let (id, room) = (id.as_str().into(), Some(room.as_ref().into()));
        self.act(Request::Leave { id, room }).await?;
        Ok(())
    }

    /// Takes a connection out of all its rooms. Nobody has to do so when a connection ends.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.leave_all(id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the gateway is not reachable, or says no.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the connection may or may not have left.
    pub async fn leave_all(&self, id: &ConnectionId) -> Result<(), RoomsError> {
        let id = id.as_str().into();
        self.act(Request::Leave { id, room: None }).await?;
        Ok(())
    }

    /// The rooms that a connection is in, also inside its close handler.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// for room in rooms.of(id).await? {
    ///     println!("{room}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the gateway is not reachable, or says no.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn of(&self, id: &ConnectionId) -> Result<Vec<String>, RoomsError> {
        let id = id.as_str().into();
        let answer = self.act(Request::Rooms { id }).await?;
        Ok(answer.rooms.unwrap_or_default())
    }

    /// Who is in a room, page by page: see [`Members`].
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let both = rooms.members("game 7").all().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn members(&self, room: impl Into<String>) -> Members {
        Members::new(self.clone(), room.into())
    }

    /// Who is in a room, with the session of each: see [`MembersWith`].
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let names = rooms.members_with::<String>("game 7").all().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn members_with<T: DeserializeOwned>(&self, room: impl Into<String>) -> MembersWith<T> {
        MembersWith::new(self.clone(), room.into())
    }

    /// The name of the room in which the connections of one user are: `user:` and the user's name.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.join(rooms.user("ann"), id).await?;
    /// rooms.broadcast(rooms.user("ann"), "on all your screens").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn user(&self, name: impl AsRef<str>) -> String {
        format!("user:{}", name.as_ref())
    }

    /// How many connections are in a room.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// println!("{} are here", rooms.count("lobby").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the gateway is not reachable, or says no.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn count(&self, room: impl AsRef<str>) -> Result<usize, RoomsError> {
        let request = Request::Members {
            room: room.as_ref().into(),
            after: None,
            limit: Some(1),
            with_session: false,
        };
        Ok(self.act(request).await?.count.unwrap_or(0))
    }

    /// Which of these connections are open.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let is_here = !rooms.alive([id]).await?.is_empty();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the gateway is not reachable, or says no.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn alive<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i ConnectionId>,
    ) -> Result<Vec<ConnectionId>, RoomsError> {
        let ids = ids.into_iter().map(|id| id.as_str().into()).collect();
        let answer = self.act(Request::Alive { ids }).await?;
        let alive = answer.alive.unwrap_or_default();
        Ok(alive.into_iter().map(ConnectionId::from).collect())
    }

    /// The session of any connection; a handler has its own as an argument. See [`Session`].
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let mut muted = rooms.session::<bool>(id).await?;
    /// muted.set(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the connection is gone, the gateway is not reachable, or the value is no `T`.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn session<T: DeserializeOwned>(
        &self,
        id: &ConnectionId,
    ) -> Result<Session<T>, RoomsError> {
        Session::ask(self.clone(), id.clone()).await
    }

    /// Sends a message to everyone in a room. Awaiting it gives a [`Report`]; that someone's queue is full is no
    /// error, and neither is a room that nobody is in. [`Broadcast::except`] leaves connections out.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.broadcast("lobby", "hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast<'r>(
        &self,
        room: impl AsRef<str>,
        message: impl IntoMessage + 'r,
    ) -> Broadcast<'r> {
        Broadcast::to_rooms(self.clone(), [room], message)
    }

    /// Sends a message to everyone who is in at least one of these rooms, once to each; as [`Rooms::broadcast`].
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.broadcast_many(["lobby", "hall"], "hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn broadcast_many<'r>(
        &self,
        rooms: impl IntoIterator<Item = impl AsRef<str>>,
        message: impl IntoMessage + 'r,
    ) -> Broadcast<'r> {
        Broadcast::to_rooms(self.clone(), rooms, message)
    }

    /// Sends a message to every open connection of the gateway; as [`Rooms::broadcast`].
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms) -> wsfn::Result<()> {
    /// rooms.everyone("back in five minutes").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn everyone<'r>(&self, message: impl IntoMessage + 'r) -> Broadcast<'r> {
        Broadcast::to_everyone(self.clone(), message)
    }

    /// What everything about rooms and sessions comes down to.
    pub(crate) async fn act(&self, request: Request<'_>) -> Result<Answer, RoomsError> {
        match self.push.store() {
            Some(lent) => lent.stored().act(lent, &self.push, request).await,
            None => Ok(self.push.act(request).await?),
        }
    }

    async fn send(
        &self,
        to: Audience<'_>,
        except: Vec<Cow<'_, str>>,
        data: Payload<'_>,
    ) -> Result<Report, RoomsError> {
        if let Some(lent) = self.push.store() {
            let stored = lent.stored();
            return stored.broadcast(lent, &self.push, to, except, data).await;
        }
        let request = Request::Broadcast { to, except, data };
        Ok(Report::from_answer(self.push.act(request).await?))
    }
}
