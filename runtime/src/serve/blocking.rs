//! Names handlers that block their thread.
//!
//! Whoever blocks a thread cannot be asked, so a thread apart looks: each thread that polls handlers has a place where
//! it says whose poll it is in, and one that is found in the same poll again and again is blocked. A poll costs a lock
//! that nobody else wants, and reads no clock.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::Handle;

/// Between two looks: ten a second, while handlers run, cost nothing that can be measured.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A poll that is seen this often has lasted for half a second, which is far above what computing takes and below what
/// a database or a file system takes on a bad day. Looks are counted and not time: a process that was stopped meanwhile
/// did not block.
const LOOKS: u32 = 6;

/// What a thread says about itself.
#[derive(Default)]
struct Place {
    /// Counts beginnings and ends of polls: odd inside one. Only the thread itself counts.
    steps: AtomicU64,
    poll: Mutex<Poll>,
    /// The runtime whose thread it is.
    runtime: Option<Handle>,
}

#[derive(Default)]
struct Poll {
    /// Whose it is. What a poll leaves here stays until the next one.
    handler: &'static str,
    request_id: Arc<str>,
    /// Whether the watcher has to be woken by the next one.
    wakes: bool,
}

impl Place {
    fn poll(&self) -> MutexGuard<'_, Poll> {
        lock(&self.poll)
    }

    fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    fn step(&self) {
        self.steps
            .store(self.steps().wrapping_add(1), Ordering::Relaxed);
    }
}

const fn inside(steps: u64) -> bool {
    steps % 2 == 1
}

/// Ends a poll, also one that panics.
struct Inside<'p>(&'p Place);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.step();
    }
}

thread_local! {
    static PLACE: OnceCell<Arc<Place>> = const { OnceCell::new() };
}

/// Runs one poll of a handler's future. If it does not come back soon, the log says whose it is.
pub(super) fn watched<T>(
    handler: &'static str,
    request_id: &Arc<str>,
    poll: impl FnOnce() -> T,
) -> T {
    PLACE.with(|place| {
        let place = place.get_or_init(|| WATCHER.place());
        // Inside another poll on this thread, which is watched already.
        if inside(place.steps()) {
            return poll();
        }
        let mut said = place.poll();
        said.handler = handler;
        if !Arc::ptr_eq(&said.request_id, request_id) {
            said.request_id = Arc::clone(request_id);
        }
        // Under the lock: a watcher that goes to sleep either sees this poll or is woken by it.
        place.step();
        let _inside = Inside(place);
        let wakes = std::mem::take(&mut said.wakes);
        drop(said);
        if wakes {
            WATCHER.wake();
        }
        poll()
    })
}

static WATCHER: LazyLock<Watcher> = LazyLock::new(Watcher::start);

/// The thread that looks: one for the whole process, asleep while no handler runs.
struct Watcher {
    places: Arc<Mutex<Vec<Watched>>>,
    /// `None` where the system gave none.
    thread: Option<Thread>,
}

impl Watcher {
    fn start() -> Self {
        let places = Arc::default();
        let watched = Arc::clone(&places);
        let thread = thread::Builder::new().name("wsfn-blocking".into());
        let thread = match thread.spawn(move || watch(&watched)) {
            Ok(handle) => Some(handle.thread().clone()),
            Err(error) => {
                tracing::warn!("a handler that blocks its thread will not be named: {error}");
                None
            }
        };
        Self { places, thread }
    }

    /// A place for this thread.
    fn place(&self) -> Arc<Place> {
        let place = Arc::new(Place {
            runtime: Handle::try_current().ok(),
            ..Place::default()
        });
        lock(&self.places).push(Watched::new(&place));
        self.wake();
        place
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

/// What the watcher knows of a thread.
struct Watched {
    place: Weak<Place>,
    steps: u64,
    looks: u32,
}

/// What a look found.
enum Found {
    /// The thread is outside of every handler.
    Idle,
    /// It is inside one.
    Busy,
    /// It has been inside one for too long, and that was not said yet.
    Blocked {
        handler: &'static str,
        request_id: Arc<str>,
    },
}

impl Watched {
    fn new(place: &Arc<Place>) -> Self {
        Self {
            place: Arc::downgrade(place),
            steps: 0,
            looks: 0,
        }
    }

    /// `None` when the thread has ended.
    fn look(&mut self) -> Option<Found> {
        let place = self.place.upgrade()?;
        let mut poll = place.poll();
        let steps = place.steps();
        if !inside(steps) {
            poll.wakes = true;
            return Some(Found::Idle);
        }
        if steps != self.steps {
            (self.steps, self.looks) = (steps, 0);
        }
        self.looks = self.looks.saturating_add(1);
        // A thread of tokio's that is called away from its sockets and timers to block wakes nobody who would wait for
        // them in its place. A task does. Up to the line in the log, so that a few are all there ever are.
        if (2..=LOOKS).contains(&self.looks)
            && let Some(runtime) = &place.runtime
        {
            runtime.spawn(async {});
        }
        Some(match self.looks {
            LOOKS => Found::Blocked {
                handler: poll.handler,
                request_id: Arc::clone(&poll.request_id),
            },
            _ => Found::Busy,
        })
    }
}

fn watch(places: &Mutex<Vec<Watched>>) {
    loop {
        let (mut busy, mut blocked) = (false, Vec::new());
        lock(places).retain_mut(|watched| {
            let found = watched.look();
            busy |= matches!(found, Some(Found::Busy | Found::Blocked { .. }));
            let there = found.is_some();
            if let Some(Found::Blocked {
                handler,
                request_id,
            }) = found
            {
                blocked.push((handler, request_id));
            }
            there
        });
        for (handler, request_id) in blocked {
            tracing::warn!(
                handler,
                request_id = &*request_id,
                "a handler blocks its thread, and other connections with it; use async calls, or \
                 tokio::task::spawn_blocking"
            );
        }
        if !busy {
            thread::park();
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
