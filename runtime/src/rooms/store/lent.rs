//! A store, as one event has it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::OnceCell;
use tokio::time::Instant;
use wsfn_protocol::Kind;

use super::{StoreError, Stored};
use crate::connection_id::ConnectionId;

/// The store that rooms work on, and the event that they work for.
#[derive(Clone)]
pub(crate) struct Lent {
    stored: Arc<Stored>,
    event: Option<Arc<Mark>>,
}

/// What is to be known about an event when its handler is done.
struct Mark {
    kind: Kind,
    id: ConnectionId,
    deadline: Option<Instant>,
    /// Whether the connection may have been put into the store by this event.
    stored: AtomicBool,
    /// Of a close: once others are told that the connection is gone.
    gone: OnceCell<()>,
}

impl Lent {
    /// For a program that handles no event.
    pub(crate) const fn new(stored: Arc<Stored>) -> Self {
        Self {
            stored,
            event: None,
        }
    }

    pub(crate) fn for_event(
        &self,
        kind: Kind,
        id: &ConnectionId,
        deadline: Option<Instant>,
    ) -> Self {
        let mark = Mark {
            kind,
            id: id.clone(),
            deadline,
            stored: AtomicBool::new(false),
            gone: OnceCell::new(),
        };
        Self {
            stored: Arc::clone(&self.stored),
            event: Some(Arc::new(mark)),
        }
    }

    pub(crate) const fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    /// Whether this is the close event of `id`, which can join nothing any more.
    pub(super) fn is_closing(&self, id: &ConnectionId) -> bool {
        let event = self.event.as_ref();
        event.is_some_and(|event| event.kind == Kind::Close && event.id == *id)
    }

    /// The event may put this connection into the store.
    pub(super) fn storing(&self, id: &ConnectionId) {
        if let Some(event) = &self.event
            && event.id == *id
        {
            event.stored.store(true, Ordering::Relaxed);
        }
    }

    /// Before members are looked at: whose close this is is no member any more.
    pub(super) async fn leave_first(&self, deadline: Option<Instant>) -> Result<(), StoreError> {
        let closing = self
            .event
            .as_ref()
            .filter(|event| event.kind == Kind::Close);
        let Some(event) = closing else {
            return Ok(());
        };
        let leave = || self.stored.gone(std::slice::from_ref(&event.id), deadline);
        event.gone.get_or_try_init(leave).await.map(|_| ())
    }

    /// The handler is done: the store is told what became of the connection.
    pub(crate) async fn after(&self, failed: bool) {
        let Some(event) = &self.event else {
            return;
        };
        let (id, deadline) = (&event.id, event.deadline);
        let told = match event.kind {
            Kind::Close => self.stored.forget(id, deadline).await,
            // Refused, it has no close event: what it joined meanwhile is left.
            Kind::Connect if failed => {
                if !event.stored.load(Ordering::Relaxed) {
                    return;
                }
                self.stored.forget(id, deadline).await
            }
            Kind::Connect | Kind::Message => self.stored.refresh(id, deadline).await,
        };
        if let Err(error) = told {
            tracing::warn!(connection = ?id, "{error}; a sweep will see to it");
        }
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stored.fmt(f)
    }
}
