//! What the gateway knows of its connections, and what pushes do to them.

mod act;
mod held;
pub(crate) mod id;
mod left;
pub(crate) mod outbound;
pub(crate) mod peer;
mod rooms;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::time::Instant;
use wsfn_protocol::{Answer, Request};
use wsfn_settings::Settings;

use crate::chance::Chance;
use crate::codec::DeflateParams;
use crate::counters::Counters;
use crate::data::{Data, DataError};
use crate::journal::Journal;
pub(crate) use held::Held;
pub use left::Left;
use outbound::{Gate, NotQueued, QueueLimits};
use peer::Peer;
use rooms::Rooms;

/// For how many connections rooms and session stay readable while their close events wait: a function that is down
/// for a day must not fill the memory with what its clients left.
const SEALED_MAX: usize = 10_000;
/// How many connections wait for their close events before no new one is let in: each is a task, and a function that is
/// down must not fill the memory with them. Twice the default of `max-connections`, so that clients who all lost their
/// connections at once are let in again at once.
const CLOSING_MAX: usize = 200_000;

/// Does what functions ask of the gateway: pushes, rooms, sessions. A clone is the same gateway.
///
/// ```
/// use wsfn_gateway::Handle;
/// use wsfn_protocol::{ErrNo, Request};
/// use wsfn_settings::Settings;
///
/// let handle = Handle::new(&Settings::default());
/// let push = r#"{"websocket":{"action":"data send","secConnectionID":"x==","dataType":"text","data":"hi"}}"#;
/// let answer = handle.act(&Request::parse(push)?);
/// assert_eq!(answer.err_no(), ErrNo::GONE);
/// # Ok::<(), wsfn_protocol::RequestError>(())
/// ```
#[derive(Clone)]
pub struct Handle {
    hub: Arc<Hub>,
}

impl Handle {
    /// A gateway without connections, within the bounds of the settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            hub: Arc::new(Hub::new(settings, Chance::System)),
        }
    }

    /// The same, with the directory that `data` names: it is locked for this process, its connections' ids begin
    /// with the bytes that it holds, and its journal keeps them until their close events are answered. Without one it
    /// is [`Handle::new`].
    ///
    /// # Errors
    /// When the directory cannot be used, another gateway uses it, or a later version wrote its journal.
    pub fn open(settings: &Settings) -> Result<Self, DataError> {
        let mut hub = Hub::new(settings, Chance::System);
        if let Some(path) = &settings.data {
            let data = Data::open(path)?;
            hub.instance = data.instance;
            hub.journal = Some(Journal::open(path, data, &hub.chance)?);
        }
        Ok(Self { hub: Arc::new(hub) })
    }

    /// The same, with connection ids, jitter and the order of a broadcast to everyone that follow from a seed.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    #[must_use]
    pub fn seeded(settings: &Settings, seed: u64) -> Self {
        Self {
            hub: Arc::new(Hub::new(settings, Chance::seeded(seed))),
        }
    }

    /// Does what a push asks for: writes or queues, and never waits. The answer is what the push endpoint would send.
    #[must_use]
    pub fn act(&self, request: &Request<'_>) -> Answer {
        self.hub.act(request)
    }

    /// Tells when this connection is out of Open; it is where there is none of this id.
    #[must_use]
    pub fn left(&self, id: &str) -> Left {
        match self.hub.peer(id) {
            Some(peer) => peer.out().left(),
            None => Left::told(),
        }
    }

    /// How often each limit of the settings was reached since the start, by the setting's name: what `/metrics` says too,
    /// except for `exec-max`, which is reached where a function is a command.
    ///
    /// ```
    /// use wsfn_gateway::Handle;
    /// use wsfn_protocol::Request;
    /// use wsfn_settings::Settings;
    ///
    /// let settings = Settings { max_message: 1, ..Settings::default() };
    /// let handle = Handle::new(&settings);
    /// let push = r#"{"websocket":{"action":"broadcast","dataType":"text","data":"hi"}}"#;
    /// let answer = handle.act(&Request::parse(push)?);
    /// assert_eq!(answer.err_no, 1102);
    /// assert!(handle.limits_reached().any(|reached| reached == ("max-message", 1)));
    /// # Ok::<(), wsfn_protocol::RequestError>(())
    /// ```
    pub fn limits_reached(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.hub.counters.limits()
    }

    pub(crate) const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("connections", &self.hub.peers().len())
            .finish()
    }
}

/// The bounds that pushes meet.
#[derive(Debug)]
struct Bounds {
    max_message: usize,
    queue: QueueLimits,
    rooms_per_connection: usize,
    room_members: Option<usize>,
    room_name: usize,
    session_max: usize,
    compress_above: Option<usize>,
    sealed_max: usize,
    closing_max: usize,
    /// Whether somebody wants to know when a message was last sent.
    idle: bool,
}

/// All connections and rooms of a gateway.
pub(crate) struct Hub {
    bounds: Bounds,
    chance: Chance,
    instance: [u8; id::INSTANCE],
    peers: RwLock<HashMap<Arc<str>, Arc<Peer>>>,
    /// Locked before a peer's queue where both are.
    rooms: RwLock<Rooms>,
    /// Bytes in all queues.
    memory: AtomicUsize,
    /// Connections out of Open whose close events are not done.
    sealed: AtomicUsize,
    counters: Arc<Counters>,
    /// Where connections stand until their close events are answered.
    journal: Option<Journal>,
}

impl Hub {
    fn new(settings: &Settings, chance: Chance) -> Self {
        let mut instance = [0; id::INSTANCE];
        // Without random numbers no connection gets an id later, so nothing depends on this being random.
        let _ = chance.fill(&mut instance);
        Self {
            bounds: Bounds {
                max_message: settings.max_message,
                queue: QueueLimits {
                    messages: settings.out_max_messages,
                    bytes: settings.out_max_bytes.max(settings.max_message),
                    memory: settings.queue_memory,
                },
                rooms_per_connection: settings.rooms_per_connection,
                room_members: settings.room_members,
                room_name: settings.room_name,
                session_max: settings.session_max,
                compress_above: settings.compression.then_some(settings.compress_above),
                sealed_max: SEALED_MAX,
                closing_max: CLOSING_MAX,
                idle: settings.idle_timeout.is_some(),
            },
            chance,
            instance,
            peers: RwLock::default(),
            rooms: RwLock::default(),
            memory: AtomicUsize::new(0),
            sealed: AtomicUsize::new(0),
            counters: Arc::default(),
            journal: None,
        }
    }

    fn peers(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Arc<Peer>>> {
        self.peers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn rooms(&self) -> RwLockReadGuard<'_, Rooms> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn rooms_mut(&self) -> RwLockWriteGuard<'_, Rooms> {
        self.rooms.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn peer(&self, id: &str) -> Option<Arc<Peer>> {
        self.peers().get(id).cloned()
    }

    /// Where random numbers come from.
    pub(crate) const fn chance(&self) -> &Chance {
        &self.chance
    }

    /// Its journal, where it has one.
    pub(crate) const fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// What has happened so far.
    pub(crate) const fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// How many connections are out of Open, their close events not done.
    #[cfg(feature = "metrics")]
    pub(crate) fn closing(&self) -> usize {
        self.sealed.load(Ordering::Relaxed)
    }

    /// The rooms of a connection.
    pub(crate) fn rooms_of(&self, id: &str) -> Vec<Arc<str>> {
        self.rooms().of(id).to_vec()
    }

    /// Bytes in all queues.
    pub(crate) const fn memory(&self) -> &AtomicUsize {
        &self.memory
    }

    /// Counts these bytes among those of all queues, until what is returned is dropped.
    pub(crate) fn hold(&self, bytes: usize) -> Held<'_> {
        Held::new(&self.memory, bytes)
    }

    /// Whether all queues together are full.
    pub(crate) fn is_memory_full(&self) -> bool {
        self.memory.load(Ordering::Relaxed) >= self.bounds.queue.memory
    }

    /// Whether a new connection is too many: the queues are full, or too many wait for their close events.
    pub(crate) fn is_full(&self) -> bool {
        self.is_memory_full() || self.has_too_many_closing()
    }

    /// Whether too many wait for their close events.
    pub(crate) fn has_too_many_closing(&self) -> bool {
        self.sealed.load(Ordering::Relaxed) >= self.bounds.closing_max
    }

    /// Whether a new connection could not be recorded (B5).
    pub(crate) fn is_unrecordable(&self) -> bool {
        self.journal
            .as_ref()
            .is_some_and(|journal| !journal.takes())
    }

    /// Records a connection whose connect event is about to be sent; pushes to it are held.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn register(
        &self,
        deflate: Option<DeflateParams>,
    ) -> Result<Arc<Peer>, getrandom::Error> {
        let id = id::new(self.instance, &self.chance)?;
        let peer = Arc::new(Peer::new(id.clone(), deflate));
        self.peers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, peer.clone());
        Ok(peer)
    }

    /// A connection is out of Open: nothing reaches it any more.
    pub(crate) fn seal(&self, peer: &Peer) {
        {
            let mut out = peer.out();
            if out.gate == Gate::Sealed {
                return;
            }
            out.seal(&self.memory);
        }
        self.rooms_mut().seal(peer.id());
        if self.sealed.fetch_add(1, Ordering::Relaxed) >= self.bounds.sealed_max {
            self.remove(peer);
        }
    }

    /// Closes the sending side of a connection, which is out of Open with that.
    pub(crate) fn shut(&self, peer: &Peer) {
        self.seal(peer);
        peer.out().shut();
    }

    /// Whether nothing is left of any connection.
    #[cfg(test)]
    pub(crate) fn knows_nobody(&self) -> bool {
        self.peers().is_empty()
            && self.rooms().members_known() == 0
            && self.sealed.load(Ordering::Relaxed) == 0
    }

    /// Whether a connection waits for its close event.
    #[cfg(test)]
    pub(crate) fn is_closing(&self) -> bool {
        self.sealed.load(Ordering::Relaxed) > 0
    }

    /// All connections that are there now.
    pub(crate) fn all(&self) -> Vec<Arc<Peer>> {
        let mut all: Vec<_> = self.peers().values().cloned().collect();
        if self.chance.is_seeded() {
            all.sort_unstable_by(|a, b| a.id().cmp(b.id()));
        }
        all
    }

    /// Removes what is known of a connection.
    pub(crate) fn forget(&self, peer: &Peer) {
        self.seal(peer);
        self.sealed.fetch_sub(1, Ordering::Relaxed);
        self.remove(peer);
    }

    fn remove(&self, peer: &Peer) {
        peer.drop_session();
        self.rooms_mut().leave(peer.id(), None);
        self.peers
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(peer.id());
    }

    /// Whether a message is within `max-message`.
    pub(crate) fn fits(&self, data: &wsfn_protocol::Data<'_>) -> bool {
        data.as_bytes().len() <= self.bounds.max_message
    }

    /// Sends to one connection that is at hand. A limit that is reached is counted.
    pub(crate) fn send_to(
        &self,
        peer: &Peer,
        payload: &wsfn_protocol::Payload<'_>,
    ) -> Result<(), NotQueued> {
        let queued = self.try_send_to(peer, payload);
        if let Err(NotQueued::Full(limit)) = queued {
            self.counters.reached(limit);
        }
        queued
    }

    /// The same for who tries again: nothing is counted.
    pub(crate) fn try_send_to(
        &self,
        peer: &Peer,
        payload: &wsfn_protocol::Payload<'_>,
    ) -> Result<(), NotQueued> {
        let now = self.bounds.idle.then(Instant::now);
        let frame = act::encode(payload, &self.bounds).into_frame(peer.deflate().as_ref());
        peer.out()
            .push(frame, &self.bounds.queue, &self.memory, true, now)
    }
}
