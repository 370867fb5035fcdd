//! A store in the memory of this process.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{MemberPage, PageRequest, Store, StoreError, StoreFuture, StoredSession, Terms};
use crate::connection_id::ConnectionId;

/// How many that are remembered too long are let go of when another is forgotten: more than come, so that they become
/// fewer, and few enough to go unnoticed.
const LET_GO: usize = 4;

/// A [`Store`] in the memory of this process: for tests, and for programs of one process. A clone is the same store.
///
/// ```
/// use wsfn::{ConnectionId, rooms::{MemoryStore, Store, Terms}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> wsfn::Result<()> {
/// let (store, ann) = (MemoryStore::new(), ConnectionId::new("ann"));
/// store.join(&ann, "lobby", &Terms::default()).await?;
/// assert_eq!(store.count("lobby").await?, 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    connections: BTreeMap<Arc<str>, Connection>,
    /// The open connections of each room.
    rooms: BTreeMap<String, BTreeSet<Arc<str>>>,
    /// Who is due when; open and gone connections only.
    due: BTreeSet<(Instant, Arc<str>)>,
    /// Who is remembered until when.
    forgotten: BTreeSet<(Instant, Arc<str>)>,
}

struct Connection {
    state: State,
    due: Instant,
    rooms: BTreeSet<String>,
    session: StoredSession,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Gone,
    Forgotten,
}

impl MemoryStore {
    /// An empty store.
    ///
    /// ```
    /// let store = wsfn::rooms::MemoryStore::new();
    /// assert_eq!(format!("{store:?}"), "MemoryStore { connections: 0, rooms: 0 }");
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The connection, made if it is unknown, and seen now.
    fn open(&mut self, id: &ConnectionId, terms: &Terms) -> Result<&mut Connection, StoreError> {
        let due = later(terms.lease);
        let id: Arc<str> = id.as_str().into();
        let connection = self
            .connections
            .entry(Arc::clone(&id))
            .or_insert(Connection {
                state: State::Open,
                due,
                rooms: BTreeSet::new(),
                session: StoredSession::default(),
            });
        if connection.state != State::Open {
            return Err(StoreError::gone());
        }
        self.due.remove(&(connection.due, Arc::clone(&id)));
        self.due.insert((due, id));
        connection.due = due;
        Ok(connection)
    }

    /// One that is not forgotten.
    fn known(&self, id: &ConnectionId) -> Option<&Connection> {
        let connection = self.connections.get(id.as_str())?;
        (connection.state != State::Forgotten).then_some(connection)
    }

    fn take_out(&mut self, id: &str, room: &str) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.remove(id);
            if members.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    fn take_out_of_all(&mut self, id: &str, rooms: &BTreeSet<String>) {
        for room in rooms {
            self.take_out(id, room);
        }
    }

    fn join(&mut self, id: &ConnectionId, room: &str, terms: &Terms) -> Result<(), StoreError> {
        let most = terms.rooms_per_connection;
        let connection = self.open(id, terms)?;
        if !connection.rooms.contains(room) {
            if connection.rooms.len() >= most {
                return Err(StoreError::too_many_rooms(most));
            }
            connection.rooms.insert(room.to_owned());
        }
        let members = self.rooms.entry(room.to_owned()).or_default();
        members.insert(id.as_str().into());
        Ok(())
    }

    fn leave(&mut self, id: &ConnectionId, room: &str) {
        if let Some(connection) = self.connections.get_mut(id.as_str()) {
            connection.rooms.remove(room);
        }
        self.take_out(id.as_str(), room);
    }

    fn leave_all(&mut self, id: &ConnectionId) {
        let Some(connection) = self.connections.get_mut(id.as_str()) else {
            return;
        };
        let rooms = std::mem::take(&mut connection.rooms);
        self.take_out_of_all(id.as_str(), &rooms);
    }

    fn members(&self, page: PageRequest<'_>) -> MemberPage {
        let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = (after, Bound::Unbounded);
        let wanted = page.limit.saturating_add(1);
        let mut ids: Vec<Arc<str>> = match page.room {
            Some(room) => {
                let members = self.rooms.get(room);
                let members = members
                    .into_iter()
                    .flat_map(|all| all.range::<str, _>(range));
                members.take(wanted).cloned().collect()
            }
            None => {
                let open = self.connections.range::<str, _>(range);
                let open = open.filter(|(_, connection)| connection.state == State::Open);
                open.map(|(id, _)| id).take(wanted).cloned().collect()
            }
        };
        let more = ids.len() > page.limit;
        ids.truncate(page.limit);
        let mut found = MemberPage::new(Vec::with_capacity(ids.len()), more);
        if let (Some(room), None, true) = (page.room, page.after, page.counted) {
            found.count = Some(self.rooms.get(room).map_or(0, BTreeSet::len));
        }
        for id in ids {
            if page.sessions {
                let connection = self.connections.get(&id);
                let session = connection.map(|connection| connection.session.clone());
                found.sessions.push(session.unwrap_or_default());
            }
            found.ids.push(ConnectionId::new(id));
        }
        found
    }

    fn set_session(
        &mut self,
        id: &ConnectionId,
        value: &str,
        version: Option<u64>,
        terms: &Terms,
    ) -> Result<u64, StoreError> {
        let session = &mut self.open(id, terms)?.session;
        if version.is_some_and(|version| version != session.version) {
            return Err(StoreError::conflict());
        }
        session.version += 1;
        session.value = Some(value.to_owned());
        Ok(session.version)
    }

    fn gone(&mut self, id: &ConnectionId, terms: &Terms) {
        let Some((id, connection)) = self.connections.get_key_value(id.as_str()) else {
            return;
        };
        if connection.state != State::Open {
            return;
        }
        let (id, was, rooms) = (Arc::clone(id), connection.due, connection.rooms.clone());
        self.take_out_of_all(&id, &rooms);
        let due = later(terms.grace);
        self.due.remove(&(was, Arc::clone(&id)));
        self.due.insert((due, Arc::clone(&id)));
        if let Some(connection) = self.connections.get_mut(&id) {
            (connection.state, connection.due) = (State::Gone, due);
        }
    }

    fn claim(&mut self, limit: usize, lapse: Duration) -> Vec<ConnectionId> {
        let (now, due) = (Instant::now(), later(lapse));
        let ripe = self.due.iter().take_while(|(at, _)| *at <= now);
        let claimed: Vec<_> = ripe.take(limit).cloned().collect();
        for (was, id) in &claimed {
            self.due.remove(&(*was, Arc::clone(id)));
            self.due.insert((due, Arc::clone(id)));
            if let Some(connection) = self.connections.get_mut(id) {
                connection.due = due;
            }
        }
        let ids = claimed.into_iter();
        ids.map(|(_, id)| ConnectionId::new(id)).collect()
    }

    fn forget(&mut self, id: &ConnectionId, terms: &Terms) {
        let now = Instant::now();
        for _ in 0..LET_GO {
            let first = self.forgotten.first();
            if first.is_none_or(|(until, _)| *until > now) {
                break;
            }
            if let Some((_, id)) = self.forgotten.pop_first() {
                self.connections.remove(&id);
            }
        }
        let id: Arc<str> = id.as_str().into();
        let until = later(terms.remember);
        let was = self.connections.insert(
            Arc::clone(&id),
            Connection {
                state: State::Forgotten,
                due: until,
                rooms: BTreeSet::new(),
                session: StoredSession::default(),
            },
        );
        if let Some(was) = was {
            let entry = (was.due, Arc::clone(&id));
            self.due.remove(&entry);
            self.forgotten.remove(&entry);
            self.take_out_of_all(&id, &was.rooms);
        }
        self.forgotten.insert((until, id));
    }
}

/// An hour that never comes, where adding would overflow.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

fn later(after: Duration) -> Instant {
    Instant::now() + after.min(FOREVER)
}

/// What is done at once, as a future.
fn done<'a, T: Send + 'a>(result: Result<T, StoreError>) -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(result))
}

impl Store for MemoryStore {
    fn join<'a>(
        &'a self,
        id: &'a ConnectionId,
        room: &'a str,
        terms: &'a Terms,
    ) -> StoreFuture<'a, ()> {
        done(self.inner().join(id, room, terms))
    }

    fn leave<'a>(&'a self, id: &'a ConnectionId, room: &'a str) -> StoreFuture<'a, ()> {
        self.inner().leave(id, room);
        done(Ok(()))
    }

    fn leave_all<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, ()> {
        self.inner().leave_all(id);
        done(Ok(()))
    }

    fn rooms_of<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, Vec<String>> {
        let inner = self.inner();
        let rooms = inner.known(id).map(|one| one.rooms.iter().cloned());
        done(Ok(rooms.into_iter().flatten().collect()))
    }

    fn members<'a>(&'a self, page: PageRequest<'a>) -> StoreFuture<'a, MemberPage> {
        done(Ok(self.inner().members(page)))
    }

    fn count<'a>(&'a self, room: &'a str) -> StoreFuture<'a, usize> {
        done(Ok(self.inner().rooms.get(room).map_or(0, BTreeSet::len)))
    }

    fn session<'a>(&'a self, id: &'a ConnectionId) -> StoreFuture<'a, StoredSession> {
        let inner = self.inner();
        let session = inner.known(id).map(|one| one.session.clone());
        done(Ok(session.unwrap_or_default()))
    }

    fn set_session<'a>(
        &'a self,
        id: &'a ConnectionId,
        value: &'a str,
        version: Option<u64>,
        terms: &'a Terms,
    ) -> StoreFuture<'a, u64> {
        done(self.inner().set_session(id, value, version, terms))
    }

    fn seen<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        let mut inner = self.inner();
        for id in ids {
            // One that is gone stays so.
            let _ = inner.open(id, terms);
        }
        done(Ok(()))
    }

    fn gone<'a>(&'a self, ids: &'a [ConnectionId], terms: &'a Terms) -> StoreFuture<'a, ()> {
        let mut inner = self.inner();
        for id in ids {
            inner.gone(id, terms);
        }
        done(Ok(()))
    }

    fn claim(&self, limit: usize, lapse: Duration) -> StoreFuture<'_, Vec<ConnectionId>> {
        done(Ok(self.inner().claim(limit, lapse)))
    }

    fn forget<'a>(&'a self, id: &'a ConnectionId, terms: &'a Terms) -> StoreFuture<'a, ()> {
        self.inner().forget(id, terms);
        done(Ok(()))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner();
        f.debug_struct("MemoryStore")
            .field("connections", &inner.connections.len())
            .field("rooms", &inner.rooms.len())
            .finish()
    }
}
