//! Whether the client of an event has left.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Backend, Push};
use crate::connection_id::ConnectionId;

/// Tells when the client has left, so that a long handler can stop. It is an argument of any handler; a clone tells the
/// same.
///
/// With the gateway in the process it is told as soon as the connection has ended or begins to close. Elsewhere nobody
/// tells a function: it is known with the next push that is answered with 1101, so that a handler which pushes now and
/// then knows soon, and one that does not never.
///
/// ```
/// use wsfn::{ConnectionId, Gone, Push, Result, on_message};
/// use std::time::Duration;
///
/// #[on_message]
/// async fn tick(id: &ConnectionId, push: &Push, gone: Gone) -> Result<()> {
///     for second in 1..=60 {
///         tokio::select! {
///             () = gone.wait() => break,
///             () = tokio::time::sleep(Duration::from_secs(1)) => push.text(id, second.to_string()).await?,
///         }
///     }
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Gone(Told);

#[derive(Clone)]
enum Told {
    /// By the gateway in this process.
    #[cfg(feature = "gateway")]
    Gateway(wsfn_gateway::Left),
    /// By a push.
    Push(Arc<Watch>),
}

/// What pushes of one invocation tell about the connection that it is for.
#[derive(Debug)]
pub(crate) struct Watch {
    id: ConnectionId,
    /// Nobody ever gets a permit of it: it is closed.
    left: Semaphore,
}

impl Watch {
    pub(crate) const fn new(id: ConnectionId) -> Self {
        Self {
            id,
            left: Semaphore::const_new(0),
        }
    }

    /// Nobody is there of whom a push to this connection says that.
    pub(super) fn tell(&self, id: &str) {
        if self.id.as_str() == id {
            self.left.close();
        }
    }
}

impl Gone {
    /// What the client that handles an event knows.
    pub(crate) fn of(push: &Push, id: &ConnectionId) -> Self {
        Self(match &push.backend {
            #[cfg(feature = "gateway")]
            Backend::Embedded(handle) => Told::Gateway(handle.left(id.as_str())),
            #[cfg(feature = "testing")]
            Backend::Recorded(desk) => Told::Gateway(desk.left(id.as_str())),
            Backend::Http(_) | Backend::Unset => Told::Push(match &push.watch {
                Some(watch) => Arc::clone(watch),
                None => Arc::new(Watch::new(id.clone())),
            }),
        })
    }

    /// Whether it is known that the client has left.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match &self.0 {
            #[cfg(feature = "gateway")]
            Told::Gateway(left) => left.is_true(),
            Told::Push(watch) => watch.left.is_closed(),
        }
    }

    /// Waits until the client has left.
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    pub async fn wait(&self) {
        match &self.0 {
            #[cfg(feature = "gateway")]
            Told::Gateway(left) => left.wait().await,
            Told::Push(watch) => {
                // An error is what closing gives.
                let _ = watch.left.acquire().await;
            }
        }
    }
}

impl fmt::Debug for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gone").field(&self.is_true()).finish()
    }
}
