//! Connections as functions need them: few, each opened when it is needed.
//!
//! The client's own pool asks the server after each use whether it is there still, which doubles the round trips. Here
//! only a connection whose last use ended well is used again, and soon; every other one is closed.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, Error};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::server::Waits;

/// How long a connection is trusted that nobody used: a function may have been frozen meanwhile, and what is between
/// may have forgotten it without a word. Later it is closed: others may need it more.
const TRUSTED: Duration = Duration::from_secs(20);

/// How long a connection is used in all, so that a server that was added gets its share.
const LIVES: Duration = Duration::from_secs(30 * 60);

/// How long a server is given to hear that a connection ends.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// The first wait for a server that is starting; doubled each time.
const STARTS_AFTER: Duration = Duration::from_millis(10);

/// Connections to one server.
pub(in crate::rooms::store) struct Pool<C: Connection> {
    options: C::Options,
    waits: Waits,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Idle<C>>>,
}

struct Idle<C> {
    /// Those used last stand last.
    connections: Vec<(C, Times)>,
    /// Whether somebody closes those that nobody uses.
    is_reaped: bool,
}

#[derive(Clone, Copy)]
struct Times {
    made: Instant,
    used: Instant,
}

impl<C: Connection + 'static> Pool<C> {
    /// Connects to nothing yet.
    pub(in crate::rooms::store) fn new(options: C::Options, waits: Waits) -> Self {
        Self {
            options,
            waits,
            permits: Arc::new(Semaphore::new(waits.connections)),
            idle: Arc::new(Mutex::new(Idle {
                connections: Vec::new(),
                is_reaped: false,
            })),
        }
    }

    /// A connection: the one that was used last, or a new one.
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] where there is none in time.
    pub(in crate::rooms::store) async fn acquire(&self) -> Result<Used<C>, Error> {
        // Before the whole operation is given up, so that it is known what it waited for.
        let until = Instant::now() + self.waits.timeout * 9 / 10;
        let permit = timeout_at(until, Arc::clone(&self.permits).acquire_owned()).await;
        // The semaphore is never closed.
        let permit = permit
            .map_err(|_| Error::PoolTimedOut)?
            .map_err(|_| Error::PoolClosed)?;
        let (connection, made) = match self.trusted() {
            Some((connection, times)) => (connection, times.made),
            None => (self.connect(until).await?, Instant::now()),
        };
        Ok(Used {
            connection: Some(connection),
            made,
            idle: Arc::clone(&self.idle),
            _permit: permit,
        })
    }

    fn trusted(&self) -> Option<(C, Times)> {
        let mut idle = lock(&self.idle);
        // Those before it were used earlier still.
        let (connection, times) = idle.connections.pop()?;
        if times.are_over() {
            idle.connections.clear();
            return None;
        }
        Some((connection, times))
    }

    /// A new connection, also to a server that is just starting.
    async fn connect(&self, until: Instant) -> Result<C, Error> {
        let mut wait = STARTS_AFTER;
        loop {
            let connecting = timeout_at(until, self.options.connect());
            let error = match connecting.await.map_err(|_| Error::PoolTimedOut)? {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            if !is_starting(&error) || Instant::now() + wait >= until {
                return Err(error);
            }
            sleep(wait).await;
            wait *= 2;
        }
    }
}

/// Whether the server may take connections in a moment.
fn is_starting(error: &Error) -> bool {
    match error {
        Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl Times {
    fn are_over(self) -> bool {
        self.used.elapsed() >= TRUSTED || self.made.elapsed() >= LIVES
    }
}

/// A connection in use. Dropped, it is closed.
pub(in crate::rooms::store) struct Used<C: Connection> {
    /// There until it is given back.
    connection: Option<C>,
    made: Instant,
    idle: Arc<Mutex<Idle<C>>>,
    _permit: OwnedSemaphorePermit,
}

impl<C: Connection + 'static> Used<C> {
    /// Lets others have it: everything that it was asked is answered, and no transaction is open.
    pub(in crate::rooms::store) fn give_back(mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let times = Times {
            made: self.made,
            used: Instant::now(),
        };
        let mut idle = lock(&self.idle);
        idle.connections.push((connection, times));
        if !std::mem::replace(&mut idle.is_reaped, true) {
            tokio::spawn(reap(Arc::downgrade(&self.idle)));
        }
    }
}

impl<C: Connection> Deref for Used<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("it is not given back")
    }
}

impl<C: Connection> DerefMut for Used<C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("it is not given back")
    }
}

/// Closes what nobody uses, until there is nothing left.
async fn reap<C: Connection + 'static>(pool: Weak<Mutex<Idle<C>>>) {
    loop {
        sleep(TRUSTED).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let (over, is_empty) = {
            let mut idle = lock(&pool);
            let over: Vec<_> = idle
                .connections
                .extract_if(.., |(_, times)| times.are_over())
                .collect();
            idle.is_reaped = !idle.connections.is_empty();
            (over, !idle.is_reaped)
        };
        for (connection, _) in over {
            // It is dropped in any case.
            let _ = timeout(ENDS_WITHIN, connection.close()).await;
        }
        if is_empty {
            return;
        }
    }
}

fn lock<C>(idle: &Mutex<Idle<C>>) -> MutexGuard<'_, Idle<C>> {
    // Nothing panics while it is held.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
