//! One connection as everybody but its own task sees it.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::value::RawValue;
use tokio::time::Instant;
use wsfn_protocol::SessionValue;

use super::outbound::{Gate, NotQueued, Outbound, QueueLimits};
use crate::codec::{DeflateParams, SharedMessage};

/// A connection: its id, its outbound queue and its session.
#[derive(Debug)]
pub(crate) struct Peer {
    id: Arc<str>,
    deflate: Option<DeflateParams>,
    out: Mutex<Outbound>,
    session: Mutex<Option<Arc<SessionValue>>>,
}

/// Why a session was not set.
#[derive(Debug)]
pub(super) enum SessionError {
    Gone,
    Changed(Box<SessionValue>),
}

impl Peer {
    pub(super) fn new(id: Arc<str>, deflate: Option<DeflateParams>) -> Self {
        Self {
            id,
            deflate,
            out: Mutex::new(Outbound::new()),
            session: Mutex::new(None),
        }
    }

    /// What was agreed upon about compression.
    pub(crate) const fn deflate(&self) -> Option<DeflateParams> {
        self.deflate
    }

    pub(crate) const fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The queue. Nothing that panics runs under its lock, so a poisoned one is whole.
    pub(crate) fn out(&self) -> MutexGuard<'_, Outbound> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn gate(&self) -> Gate {
        self.out().gate
    }

    /// Queues a message, as this connection needs it encoded.
    pub(super) fn send(
        &self,
        message: &SharedMessage,
        limits: &QueueLimits,
        memory: &AtomicUsize,
        direct: bool,
        now: Option<Instant>,
    ) -> Result<(), NotQueued> {
        let frame = message.frame(self.deflate.as_ref());
        self.out().push(frame, limits, memory, direct, now)
    }

    /// The session as it is now; `None` where none was set.
    pub(crate) fn session(&self) -> Option<Arc<SessionValue>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.clone()
    }

    /// The same, as an answer has it.
    pub(super) fn session_value(&self) -> SessionValue {
        self.session()
            .map_or_else(SessionValue::none, Arc::unwrap_or_clone)
    }

    /// Its task may outlive what is known of it, and the session need not.
    pub(super) fn drop_session(&self) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sets the session and tells its new version; where it changed in between, what it is now.
    pub(super) fn set_session(
        &self,
        value: Box<RawValue>,
        version: Option<u64>,
    ) -> Result<Arc<SessionValue>, SessionError> {
        if self.gate() == Gate::Sealed {
            return Err(SessionError::Gone);
        }
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let current = session.as_ref().map_or(0, |session| session.version);
        if version.is_some_and(|version| version != current) {
            let current = session.as_deref().cloned();
            return Err(SessionError::Changed(Box::new(
                current.unwrap_or_else(SessionValue::none),
            )));
        }
        let set = Arc::new(SessionValue {
            value,
            version: current + 1,
        });
        *session = Some(Arc::clone(&set));
        Ok(set)
    }
}
