//! Who is in a room, with what is kept of each.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use wsfn_protocol::SessionValue;

use super::pages::Pages;
use super::{Rooms, RoomsError};
use crate::connection_id::ConnectionId;

/// The connections of a room and the session of each, read in pages: one request for a page, and not one for each
/// member.
///
/// ```
/// # #[derive(serde::Deserialize)] struct User { name: String }
/// # async fn example(rooms: &wsfn::Rooms) -> wsfn::Result<()> {
/// let mut present = rooms.members_with::<User>("lobby");
/// while let Some(page) = present.next().await? {
///     for user in page.members.iter().filter_map(|member| member.session.as_ref()) {
///         println!("{}", user.name);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct MembersWith<T> {
    pages: Pages,
    session: PhantomData<fn() -> T>,
}

/// Some of a room's connections, with their sessions.
///
/// ```no_run
/// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// if let Some(page) = rooms.members_with::<String>("lobby").next().await? {
///     println!("{} of {}", page.members.len(), page.count);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct PageWith<T> {
    /// Who is in this page.
    pub members: Vec<Member<T>>,
    /// How many the whole room has.
    pub count: usize,
}

/// Somebody in a room.
///
/// ```no_run
/// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// for member in rooms.members_with::<String>("game 7").all().await? {
///     println!("{}", member.session.unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Member<T> {
    /// A secret: send none to other clients.
    pub id: ConnectionId,
    /// The session; `None` where none is set, or it is no `T`.
    pub session: Option<T>,
}

impl<T> MembersWith<T> {
    pub(super) const fn new(rooms: Rooms, room: String) -> Self {
        Self {
            pages: Pages::new(rooms, room, true),
            session: PhantomData,
        }
    }

    /// The most members in a page; without it the gateway decides, which also ends a page that grows large.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let first = rooms.members_with::<String>("lobby").limit(10).next().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.pages.limit = Some(limit);
        self
    }
}

impl<T: DeserializeOwned> MembersWith<T> {
    /// The next page; `None` after the last. Who joins or leaves meanwhile may or may not be in it.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let mut present = rooms.members_with::<String>("lobby");
    /// while let Some(page) = present.next().await? {
    ///     println!("{}", page.members.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the gateway is not reachable, or says no. The same page can be asked for again.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the next call gives the same page.
    pub async fn next(&mut self) -> Result<Option<PageWith<T>>, RoomsError> {
        let answer = self.pages.next().await?;
        Ok(answer.map(|answer| {
            let ids = answer.members.unwrap_or_default();
            let mut sessions = answer.sessions.unwrap_or_default();
            let count = answer.count.unwrap_or(ids.len());
            let members = ids.into_iter().map(|id| Member {
                session: sessions.remove(&id).and_then(|value| read(&value)),
                id: id.into(),
            });
            PageWith {
                members: members.collect(),
                count,
            }
        }))
    }

    /// All that are left, of every page. Only for rooms whose size is known to be small.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let both = rooms.members_with::<String>("game 7").all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`MembersWith::next`].
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn all(mut self) -> Result<Vec<Member<T>>, RoomsError> {
        let mut members = Vec::new();
        while let Some(page) = self.next().await? {
            members.extend(page.members);
        }
        Ok(members)
    }
}

impl<T> fmt::Debug for MembersWith<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MembersWith").field(&self.pages).finish()
    }
}

/// One that was set by another version of the program must not hide all others.
fn read<T: DeserializeOwned>(value: &SessionValue) -> Option<T> {
    serde_json::from_str(value.value.get())
        .inspect_err(|error| {
            let error = RoomsError::session(error);
            tracing::debug!("a session in a list of members is left out: {error}");
        })
        .unwrap_or_default()
}
