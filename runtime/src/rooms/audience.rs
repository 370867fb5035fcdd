//! A message to rooms, on its way.

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use wsfn_protocol::{Audience, Payload};

use super::{Rooms, RoomsError};
use crate::connection_id::ConnectionId;
use crate::message::IntoMessage;
use crate::push::{PushError, Report, encode};

/// A broadcast that is sent when it is awaited.
///
/// Awaiting fails when the message cannot be written as JSON, or the request to the gateway failed. When the future is
/// dropped before it ends, the message may or may not have been sent.
///
/// ```no_run
/// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
/// let report = rooms.broadcast("lobby", "hello").except([id]).await?;
/// println!("{} have it", report.delivered());
/// # Ok(())
/// # }
/// ```
#[must_use = "a broadcast is sent when it is awaited"]
pub struct Broadcast<'r> {
    rooms: Rooms,
    to: Audience<'static>,
    except: Vec<Cow<'static, str>>,
    data: Result<Payload<'r>, PushError>,
}

impl<'r> Broadcast<'r> {
    pub(super) fn to_rooms(
        rooms: Rooms,
        names: impl IntoIterator<Item = impl AsRef<str>>,
        message: impl IntoMessage + 'r,
    ) -> Self {
        let names = names.into_iter();
        let names = names.map(|name| name.as_ref().to_owned().into()).collect();
        Self::new(rooms, Audience::Rooms(names), message)
    }

    pub(super) fn to_everyone(rooms: Rooms, message: impl IntoMessage + 'r) -> Self {
        Self::new(rooms, Audience::Everyone, message)
    }

    fn new(rooms: Rooms, to: Audience<'static>, message: impl IntoMessage + 'r) -> Self {
        Self {
            rooms,
            to,
            except: Vec::new(),
            data: encode(message),
        }
    }

    /// Leaves these connections out, the sender for one.
    ///
    /// ```no_run
    /// # async fn example(rooms: &wsfn::Rooms, id: &wsfn::ConnectionId) -> wsfn::Result<()> {
    /// rooms.everyone("somebody came").except([id]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn except<'i>(mut self, ids: impl IntoIterator<Item = &'i ConnectionId>) -> Self {
        let ids = ids.into_iter();
        self.except
            .extend(ids.map(|id| Cow::Owned(id.as_str().to_owned())));
        self
    }

    async fn send(self) -> Result<Report, RoomsError> {
        self.rooms.send(self.to, self.except, self.data?).await
    }
}

impl<'r> IntoFuture for Broadcast<'r> {
    type Output = Result<Report, RoomsError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'r>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for Broadcast<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the message nor the ids, which are secrets.
        f.debug_struct("Broadcast")
            .field("to", &self.to)
            .field("except", &self.except.len())
            .finish_non_exhaustive()
    }
}
