//! Who is in a room, page by page.

use super::pages::Pages;
use super::{Rooms, RoomsError};
use crate::connection_id::ConnectionId;

/// The connections of a room, read in pages, so that a large room is never in memory at once.
///
/// ```
/// # async fn example(rooms: &wsfn::Rooms) -> wsfn::Result<()> {
/// let mut members = rooms.members("lobby").limit(100);
/// while let Some(page) = members.next().await? {
///     for id in page.ids {
///         println!("{id:?}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Members(Pages);

/// Some of a room's connections.
///
/// ```no_run
/// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// if let Some(page) = rooms.members("lobby").next().await? {
///     println!("{} of {}", page.ids.len(), page.count);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// Who is in this page. Ids are secrets: send none to other clients.
    pub ids: Vec<ConnectionId>,
    /// How many the whole room has.
    pub count: usize,
}

impl Members {
    pub(super) const fn new(rooms: Rooms, room: String) -> Self {
        Self(Pages::new(rooms, room, false))
    }

    /// The most ids in a page; without it the gateway decides.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let first = rooms.members("lobby").limit(10).next().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn limit(mut self, limit: usize) -> Self {
        self.0.limit = Some(limit);
        self
    }

    /// The next page; `None` after the last. Who joins or leaves meanwhile may or may not be in it.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let mut members = rooms.members("lobby");
    /// while let Some(page) = members.next().await? {
    ///     println!("{}", page.ids.len());
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
    pub async fn next(&mut self) -> Result<Option<Page>, RoomsError> {
        let answer = self.0.next().await?;
        Ok(answer.map(|answer| {
            let ids = answer.members.unwrap_or_default();
            Page {
                count: answer.count.unwrap_or(ids.len()),
                ids: ids.into_iter().map(ConnectionId::from).collect(),
            }
        }))
    }

    /// All that are left, of every page. Only for rooms whose size is known to be small.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// let both = rooms.members("game 7").all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Members::next`].
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn all(mut self) -> Result<Vec<ConnectionId>, RoomsError> {
        let mut ids = Vec::new();
        while let Some(page) = self.next().await? {
            ids.extend(page.ids);
        }
        Ok(ids)
    }
}
