//! Connections that nobody uses at the moment.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::connection::Connection;

/// How long an unused connection is kept. Servers close theirs after 5 s and more; one that is used while the server
/// closes it loses an event that nobody may send again (D1).
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// There are never more than there were calls at once within the last seconds, and these have limits of their own.
#[derive(Default)]
pub(super) struct Pool(Mutex<Idle>);

#[derive(Default)]
struct Idle {
    /// With when they were used last: the oldest first.
    connections: Vec<(Instant, Box<Connection>)>,
    /// A task is there that closes old ones.
    is_swept: bool,
}

impl Pool {
    /// The connection that was used last, so that those that are not needed grow old. Its server may have closed it.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        let (since, connection) = self.idle(|idle| idle.connections.pop())?;
        (since.elapsed() < IDLE_TIMEOUT).then_some(connection)
    }

    pub(super) fn put(self: &Arc<Self>, connection: Box<Connection>) {
        let was_swept = self.idle(|idle| {
            idle.connections.push((Instant::now(), connection));
            std::mem::replace(&mut idle.is_swept, true)
        });
        if !was_swept {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Closes those that are old, and says whether there are others.
    fn close_old(&self) -> bool {
        let (old, more) = self.idle(|idle| {
            let connections = &mut idle.connections;
            let is_old = |(since, _): &(Instant, _)| since.elapsed() >= IDLE_TIMEOUT;
            let old = connections.partition_point(is_old);
            let old: Vec<_> = connections.drain(..old).collect();
            idle.is_swept = !connections.is_empty();
            connections.shrink_to(2 * connections.len());
            (old, idle.is_swept)
        });
        // Without the lock: each is a call of the system.
        drop(old);
        more
    }

    fn idle<T>(&self, act: impl FnOnce(&mut Idle) -> T) -> T {
        // Nothing that panics runs under it.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(IDLE_TIMEOUT).await;
        if !pool.upgrade().is_some_and(|pool| pool.close_old()) {
            return;
        }
    }
}
