//! A store in the place of a gateway: the same questions, the same answers.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use wsfn_protocol::{Answer, Request, SessionValue};
use wsfn_settings::Settings;

use super::{
    Lent, PageRequest, STORE_ID_MAX, STORE_ROOM_MAX, Store, StoreError, StoreFuture, StoredSession,
    Terms,
};
use crate::connection_id::ConnectionId;
use crate::push::Push;
use crate::rooms::RoomsError;

/// The most members in a page, as at the gateway.
const PAGE_MAX: usize = 1000;

/// The part of a lease after which a sign of life is written down again: rarely enough to be cheap, and often enough
/// that three may be lost.
const REFRESH_SHARE: u32 = 4;

/// Connections whose last sign is remembered here. Beyond it all are noted once more, which costs and harms nothing.
const SEEN_MAX: usize = 20_000;

/// A store with everything that is said about it in settings.
pub(crate) struct Stored {
    store: Arc<dyn Store>,
    terms: Terms,
    room_name: usize,
    session_max: usize,
    timeout: Duration,
    /// When this process last told the store that a connection lives.
    seen: Mutex<HashMap<ConnectionId, Instant>>,
}

impl Stored {
    pub(crate) fn new(store: Arc<dyn Store>, settings: &Settings) -> Self {
        Self {
            store,
            terms: Terms {
                lease: settings.store_lease,
                rooms_per_connection: settings.rooms_per_connection,
                ..Terms::default()
            },
            room_name: settings.room_name.min(STORE_ROOM_MAX),
            session_max: settings.session_max,
            timeout: settings.store_timeout,
            seen: Mutex::default(),
        }
    }

    /// Waits for an operation for as long as the setting and the invocation allow.
    async fn within<T>(
        &self,
        deadline: Option<Instant>,
        operation: StoreFuture<'_, T>,
    ) -> Result<T, StoreError> {
        let latest = Instant::now() + self.timeout;
        let until = deadline.map_or(latest, |deadline| deadline.min(latest));
        match timeout_at(until, operation).await {
            Ok(result) => result,
            Err(_) if until < latest => Err(StoreError::timed_out(
                "no answer before the deadline of the invocation",
            )),
            Err(_) => Err(StoreError::timed_out(format!(
                "no answer within store-timeout = {}",
                wsfn_settings::show_duration(self.timeout)
            ))),
        }
    }

    pub(crate) async fn ready(&self) -> Result<(), StoreError> {
        self.within(None, self.store.ready()).await
    }

    /// Does what our gateway would have done.
    pub(in crate::rooms) async fn act(
        &self,
        lent: &Lent,
        push: &Push,
        request: Request<'_>,
    ) -> Result<Answer, RoomsError> {
        let deadline = push.deadline();
        match request {
            Request::Join { id, room } => {
                let id = identified(&id)?;
                self.named(&room)?;
                if lent.is_closing(&id) {
                    return Err(StoreError::gone().into());
                }
                lent.storing(&id);
                let joining = self.store.join(&id, &room, &self.terms);
                self.within(deadline, joining).await?;
                self.note(id);
            }
            Request::Leave { id, room } => {
                let id = identified(&id)?;
                if let Some(room) = &room {
                    self.named(room)?;
                }
                let leaving = match &room {
                    Some(room) => self.store.leave(&id, room),
                    None => self.store.leave_all(&id),
                };
                self.within(deadline, leaving).await?;
            }
            Request::Rooms { id } => {
                let id = identified(&id)?;
                let rooms = self.within(deadline, self.store.rooms_of(&id)).await?;
                return Ok(Answer {
                    rooms: Some(rooms),
                    ..Answer::ok()
                });
            }
            Request::Members {
                room,
                after,
                limit,
                with_session,
            } => {
                self.named(&room)?;
                lent.leave_first(deadline).await?;
                let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
                return self
                    .page(&room, after.as_deref(), limit, with_session, deadline)
                    .await;
            }
            Request::Session { id, set, version } => {
                let id = identified(&id)?;
                return self
                    .session(lent, &id, set.as_deref(), version, deadline)
                    .await;
            }
            // Who is there, only the gateway knows.
            other => return Ok(push.act(other).await?),
        }
        Ok(Answer::ok())
    }

    async fn page(
        &self,
        room: &str,
        after: Option<&str>,
        limit: usize,
        with_session: bool,
        deadline: Option<Instant>,
    ) -> Result<Answer, RoomsError> {
        let cursor = after.map(Cursor::parse).transpose()?;
        let page = PageRequest::new(Some(room), limit)
            .after(cursor.as_ref().map(|cursor| cursor.after))
            .with_sessions(with_session);
        let page = self.within(deadline, self.store.members(page)).await?;
        let count = match (&cursor, page.count) {
            (Some(cursor), _) => cursor.count,
            (None, Some(count)) => count,
            (None, None) => self.within(deadline, self.store.count(room)).await?,
        };
        let last = page.ids.last().filter(|_| page.more);
        let next = last.map(|id| {
            let after = id.as_str();
            Cursor { count, after }.write()
        });
        let sessions = with_session.then(|| {
            let ids = page.ids.iter().map(|id| id.as_str().to_owned());
            ids.zip(page.sessions.into_iter().map(shown)).collect()
        });
        let ids = page.ids.iter();
        Ok(Answer {
            members: Some(ids.map(|id| id.as_str().to_owned()).collect()),
            count: Some(count),
            next,
            sessions,
            ..Answer::ok()
        })
    }

    async fn session(
        &self,
        lent: &Lent,
        id: &ConnectionId,
        set: Option<&str>,
        version: Option<u64>,
        deadline: Option<Instant>,
    ) -> Result<Answer, RoomsError> {
        let Some(value) = set else {
            let session = self.within(deadline, self.store.session(id)).await?;
            let session = shown(session);
            return Ok(Answer {
                value: Some(session.value),
                version: Some(session.version),
                ..Answer::ok()
            });
        };
        if value.len() > self.session_max {
            return Err(StoreError::limit(format!(
                "the session has {} bytes, session-max is {}",
                value.len(),
                self.session_max
            ))
            .into());
        }
        let Ok(raw) = RawValue::from_string(value.to_owned()) else {
            return Err(StoreError::invalid("the session is not JSON").into());
        };
        if lent.is_closing(id) {
            return Err(StoreError::gone().into());
        }
        lent.storing(id);
        let setting = self.store.set_session(id, value, version, &self.terms);
        let version = self.within(deadline, setting).await?;
        self.note(id.clone());
        Ok(Answer {
            value: Some(raw),
            version: Some(version),
            ..Answer::ok()
        })
    }

    /// A page of those who are to get a broadcast.
    pub(super) async fn members(
        &self,
        page: PageRequest<'_>,
        deadline: Option<Instant>,
    ) -> Result<super::MemberPage, StoreError> {
        self.within(deadline, self.store.members(page)).await
    }

    pub(crate) async fn gone(
        &self,
        ids: &[ConnectionId],
        deadline: Option<Instant>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let leaving = self.store.gone(ids, &self.terms);
        self.within(deadline, leaving).await
    }

    pub(super) async fn forget(
        &self,
        id: &ConnectionId,
        deadline: Option<Instant>,
    ) -> Result<(), StoreError> {
        self.seen().remove(id);
        let forgetting = self.store.forget(id, &self.terms);
        self.within(deadline, forgetting).await
    }

    /// Writes down that connections live.
    pub(crate) async fn seen_all(
        &self,
        ids: &[ConnectionId],
        deadline: Option<Instant>,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.within(deadline, self.store.seen(ids, &self.terms))
            .await
    }

    /// Some that are due.
    pub(crate) async fn claim(
        &self,
        limit: usize,
        lapse: Duration,
        deadline: Option<Instant>,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        self.within(deadline, self.store.claim(limit, lapse)).await
    }

    /// Writes down that a connection lives, where that was not done a moment ago.
    pub(super) async fn refresh(
        &self,
        id: &ConnectionId,
        deadline: Option<Instant>,
    ) -> Result<(), StoreError> {
        let noted = self.seen().get(id).copied();
        let every = self.terms.lease / REFRESH_SHARE;
        if noted.is_some_and(|noted| noted.elapsed() < every) {
            return Ok(());
        }
        let ids = std::slice::from_ref(id);
        let seen = self.store.seen(ids, &self.terms);
        self.within(deadline, seen).await?;
        self.note(id.clone());
        Ok(())
    }

    fn note(&self, id: ConnectionId) {
        let mut seen = self.seen();
        if seen.len() >= SEEN_MAX {
            seen.clear();
        }
        seen.insert(id, Instant::now());
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<ConnectionId, Instant>> {
        // Nothing panics while it is held.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a name that no store is asked to keep.
    pub(super) fn named(&self, room: &str) -> Result<(), StoreError> {
        if room.is_empty() {
            return Err(StoreError::invalid("the name of the room is empty"));
        }
        if room.len() > self.room_name {
            return Err(StoreError::limit(format!(
                "the name of the room has {} bytes, room-name is {}",
                room.len(),
                self.room_name
            )));
        }
        Ok(())
    }
}

/// Refuses an id that no gateway gives and no store is asked to keep.
fn identified(id: &str) -> Result<ConnectionId, StoreError> {
    if id.is_empty() {
        return Err(StoreError::invalid("the id of the connection is empty"));
    }
    if id.len() > STORE_ID_MAX {
        return Err(StoreError::limit(format!(
            "the id of the connection has {} bytes, and a store keeps at most {STORE_ID_MAX}",
            id.len()
        )));
    }
    Ok(ConnectionId::new(id))
}

fn shown(session: StoredSession) -> SessionValue {
    let value = session.value.unwrap_or_else(|| "null".to_owned());
    SessionValue {
        // What was set was JSON; should somebody else have written into the store, it counts as nothing.
        value: RawValue::from_string(value).unwrap_or_default(),
        version: session.version,
    }
}

/// Where the next page begins, with the size of the room at its first page: counting it again for every page would cost
/// more than the pages.
struct Cursor<'a> {
    count: usize,
    after: &'a str,
}

impl<'a> Cursor<'a> {
    fn parse(text: &'a str) -> Result<Self, StoreError> {
        let parsed = text
            .split_once(':')
            .and_then(|(count, after)| Some((count.parse().ok()?, after)));
        let (count, after) =
            parsed.ok_or_else(|| StoreError::invalid("`after` is no `next` of a page"))?;
        Ok(Self { count, after })
    }

    fn write(&self) -> String {
        format!("{}:{}", self.count, self.after)
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}
