//! The value that is kept with a connection.

mod carried;
mod extract;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wsfn_protocol::{Request, SessionValue};

pub(crate) use carried::Carried;

use crate::connection_id::ConnectionId;
use crate::rooms::{Rooms, RoomsError};

/// How often [`Session::update`] tries: others who write that often want the same connection's session all at once,
/// and a handler must end.
const UPDATE_TRIES: usize = 16;

/// A value that is kept with a connection: who it is, what it chose. Any handler sets it, and it is an argument of
/// the others, also of `#[on_close]`; after that it is forgotten.
///
/// In [a store](crate::guide::stores), where there is one, it is asked for with each event that wants it. Else it lives
/// at our gateway and travels with each event, so that reading it costs no request: it is what it was when
/// the event was sent. Where an event brings none, through `InvokeFunction` for one, the gateway is asked once, and
/// only for handlers that take it as an argument.
///
/// `T` is written as JSON of at most `session-max` bytes (4 KiB). One whose text is `null`, such as `()`, counts as
/// absent. A handler is refused with 1003 when the value is there and no `T`: take `Result<Session<T>, Rejection>`
/// where another version of the program may have set it.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use wsfn::{Result, Session, on_message};
///
/// #[derive(Deserialize, Serialize)]
/// struct User {
///     name: String,
/// }
///
/// #[on_message]
/// async fn talk(mut session: Session<User>, text: &str) -> Result<String> {
///     let Some(user) = session.get() else {
///         session.set(User { name: text.to_owned() }).await?;
///         return Ok(format!("hello, {text}"));
///     };
///     Ok(format!("{} says {text}", user.name))
/// }
/// # fn main() {}
/// ```
pub struct Session<T> {
    rooms: Rooms,
    id: ConnectionId,
    known: Arc<SessionValue>,
    value: Option<T>,
}

impl<T> Session<T> {
    /// The value; `None` where none was set, or it was cleared.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<String>) -> wsfn::Result<()> {
    /// println!("{}", session.get().map_or("nobody", String::as_str));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, to keep.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<String>) -> wsfn::Result<()> {
    /// let name = session.into_inner().unwrap_or_default();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        self.value
    }

    /// How often the session was set: 0 at first.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<String>) -> wsfn::Result<()> {
    /// let is_new = session.version() == 0;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn version(&self) -> u64 {
        self.known.version
    }

    /// Whose session it is.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<String>) -> wsfn::Result<()> {
    /// println!("{:?}", session.connection_id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn connection_id(&self) -> &ConnectionId {
        &self.id
    }

    /// Removes the value.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<String>) -> wsfn::Result<()> {
    /// session.clear().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::set`].
    ///
    /// # Cancel safety
    /// When dropped before it ends, the value may or may not have been removed.
    pub async fn clear(&mut self) -> Result<(), RoomsError> {
        self.write("null".to_owned()).await?;
        self.value = None;
        Ok(())
    }

    /// Sets the session to this text if it is still what is known of it.
    async fn write(&mut self, json: String) -> Result<(), RoomsError> {
        let request = Request::Session {
            id: self.id.as_str().into(),
            set: Some(json.into()),
            version: Some(self.known.version),
        };
        let answer = self.rooms.act(request).await?;
        self.known = Arc::new(carried::answered(answer));
        Ok(())
    }
}

impl<T: DeserializeOwned> Session<T> {
    pub(crate) fn new(
        rooms: Rooms,
        id: ConnectionId,
        known: Arc<SessionValue>,
    ) -> Result<Self, serde_json::Error> {
        // Read as an `Option`, so that `null` is absent.
        let value = serde_json::from_str(known.value.get())?;
        Ok(Self {
            rooms,
            id,
            known,
            value,
        })
    }

    pub(crate) async fn ask(rooms: Rooms, id: ConnectionId) -> Result<Self, RoomsError> {
        let request = Request::Session {
            id: id.as_str().into(),
            set: None,
            version: None,
        };
        let known = Arc::new(carried::answered(rooms.act(request).await?));
        Self::new(rooms, id, known).map_err(|error| RoomsError::session(&error))
    }

    /// Asks the gateway what the session is now.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<String>) -> wsfn::Result<()> {
    /// session.reload().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the connection is gone, the gateway is not reachable, or the value is no `T`.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn reload(&mut self) -> Result<(), RoomsError> {
        *self = Self::ask(self.rooms.clone(), self.id.clone()).await?;
        Ok(())
    }
}

impl<T: Serialize> Session<T> {
    /// Sets the value, unless somebody else has set it since it was read here: then the error is
    /// [`is_conflict`](RoomsError::is_conflict), and nothing has changed. Two handlers of one connection do not run at
    /// once, so that only who sets the sessions of others meets it, or whose messages are
    /// [`unordered`](crate::on_message); [`Session::update`] tries again by itself.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<u32>) -> wsfn::Result<()> {
    /// match session.set(7).await {
    ///     Err(error) if error.is_conflict() => session.reload().await?,
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A lost race; also when the connection is gone, as in its close handler, the value is larger than `session-max`
    /// or cannot be written as JSON, or the gateway is not reachable.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the value may or may not have been set.
    pub async fn set(&mut self, value: T) -> Result<(), RoomsError> {
        let json = serde_json::to_string(&value).map_err(|error| RoomsError::session(&error))?;
        self.write(json).await?;
        self.value = Some(value);
        Ok(())
    }
}

impl<T: Serialize + DeserializeOwned> Session<T> {
    /// Changes the value; where somebody else has set it meanwhile, the closure is called again with theirs. `None`
    /// left in its place removes the value.
    ///
    /// ```no_run
    /// # async fn example(mut session: wsfn::Session<u32>) -> wsfn::Result<()> {
    /// session.update(|count| *count.get_or_insert(0) += 1).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::set`]; a lost race only when it was lost sixteen times.
    ///
    /// # Cancel safety
    /// When dropped before it ends, the value may or may not have been set.
    pub async fn update(
        &mut self,
        mut change: impl FnMut(&mut Option<T>),
    ) -> Result<(), RoomsError> {
        let mut tries = 1;
        loop {
            // Read anew, so that what is here stays as it is until the gateway has taken the change.
            let known = serde_json::from_str(self.known.value.get());
            let mut value = known.map_err(|error| RoomsError::session(&error))?;
            change(&mut value);
            let json =
                serde_json::to_string(&value).map_err(|error| RoomsError::session(&error))?;
            match self.write(json).await {
                Err(error) if error.is_conflict() && tries < UPDATE_TRIES => {
                    tries += 1;
                    self.reload().await?;
                }
                Err(error) => return Err(error),
                Ok(()) => {
                    self.value = value;
                    return Ok(());
                }
            }
        }
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the value, which may say who somebody is.
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("version", &self.known.version)
            .finish_non_exhaustive()
    }
}
