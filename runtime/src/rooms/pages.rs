//! The pages of a room, as answers of the gateway.

use wsfn_protocol::{Answer, Request};

use super::{Rooms, RoomsError};

/// How far a reader of pages has come.
#[derive(Debug)]
pub(super) struct Pages {
    rooms: Rooms,
    room: String,
    pub(super) limit: Option<usize>,
    with_session: bool,
    after: Option<String>,
    done: bool,
}

impl Pages {
    pub(super) const fn new(rooms: Rooms, room: String, with_session: bool) -> Self {
        Self {
            rooms,
            room,
            limit: None,
            with_session,
            after: None,
            done: false,
        }
    }

    /// The next page that has someone in it. What is dropped before it ends has changed nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Answer>, RoomsError> {
        while !self.done {
            let request = Request::Members {
                room: self.room.as_str().into(),
                after: self.after.as_deref().map(Into::into),
                limit: self.limit,
                with_session: self.with_session,
            };
            let mut answer = self.rooms.act(request).await?;
            // A gateway that repeats itself must not make a loop that never ends.
            self.done = answer.next.is_none() || answer.next == self.after;
            self.after = answer.next.take();
            if answer.members.as_ref().is_some_and(|ids| !ids.is_empty()) {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }
}
