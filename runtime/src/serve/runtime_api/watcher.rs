//! Answers for a handler that blocks its thread.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Context;
use crate::serve::blocked_at;

/// The longest wait for the API when it answers: the platform ends the process soon in any case.
const IO_TIMEOUT: Duration = Duration::from_secs(1);

/// A thread of its own that answers 1006 shortly before the deadline of an event and ends the process: the loop's
/// thread, which a handler blocks, cannot be had back.
#[derive(Clone)]
pub(crate) struct Watcher(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    watched: Option<Event>,
    /// When the thread will look by itself; `None` while it sleeps until it is woken.
    looks: Option<Instant>,
    ended: bool,
}

struct Event {
    /// When it is answered.
    at: Instant,
    text: Arc<str>,
    context: Context,
}

/// While it lives, one event is watched.
pub(super) struct Watched<'w>(&'w Watcher);

impl Watcher {
    /// Starts the thread. `address` is the API's, `host:port`; `answers` gives the answer to an event whose handler
    /// blocks, and says so in the log; `end` is what ends the process.
    pub(crate) fn start(
        address: String,
        answers: impl FnOnce(Arc<str>, Context) -> String + Send + 'static,
        end: fn(),
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let watcher = Self(Arc::clone(&shared));
        std::thread::Builder::new()
            .name("wsfn-watcher".into())
            .spawn(move || {
                let Some(event) = shared.wait() else {
                    return;
                };
                let answer = answers(event.text, event.context);
                if let Err(error) = respond(&address, &answer) {
                    tracing::error!("the runtime API did not take the answer: {error}");
                }
                end();
            })?;
        Ok(watcher)
    }

    pub(super) fn watch(&self, text: &Arc<str>, context: &Context) -> Watched<'_> {
        if let Some(deadline) = context.deadline {
            let at = blocked_at(deadline);
            let mut state = self.0.state();
            state.watched = Some(Event {
                at,
                text: Arc::clone(text),
                context: context.for_blocked(),
            });
            // Events have the same time each, so that the thread, which was to look when an earlier one is late, is
            // there in time for this one without being woken: to wake it costs as much as many an event.
            if state.looks.is_none_or(|looks| at < looks) {
                self.0.changed.notify_one();
            }
        }
        Watched(self)
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        self.0.state().ended = true;
        self.0.changed.notify_one();
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.0.state().watched = None;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event whose time has come; `None` when nothing will be watched any more.
    fn wait(&self) -> Option<Event> {
        let mut state = self.state();
        loop {
            if state.ended {
                return None;
            }
            state.looks = state.watched.as_ref().map(|event| event.at);
            state = match state.looks {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let now = std::time::Instant::now();
                    let left = at.into_std().saturating_duration_since(now);
                    if left.is_zero() {
                        return state.watched.take();
                    }
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Answers over a connection of its own, without the async runtime, which is blocked.
fn respond(address: &str, body: &str) -> std::io::Result<()> {
    let to = address
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::other("it has no address"))?;
    let mut stream = TcpStream::connect_timeout(&to, IO_TIMEOUT)?;
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    stream.set_write_timeout(Some(IO_TIMEOUT))?;
    let request = format!(
        "POST /runtime/invocation/response HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    // The answer has to have been read by the API before this process ends; what it says changes nothing.
    let mut first = [0; 1];
    stream.read_exact(&mut first)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// How often a process would have ended.
    static ENDED: AtomicUsize = AtomicUsize::new(0);

    fn limited(limit: Duration) -> Context {
        Context {
            deadline: Some(Instant::now() + limit),
            ..Context::default()
        }
    }

    /// Events that are answered in time, each with its limit and the pause after it, and one that is not.
    fn blocks(before: &[(Duration, Duration)]) {
        let begun = ENDED.load(Ordering::SeqCst);
        let end = || {
            ENDED.fetch_add(1, Ordering::SeqCst);
        };
        let watcher =
            Watcher::start("127.0.0.1:1".into(), |_, _| String::new(), end).expect("a thread");
        let event = Arc::from("");
        for (limit, pause) in before {
            let watched = watcher.watch(&event, &limited(*limit));
            // Long enough for the thread to see it.
            std::thread::sleep(Duration::from_millis(20));
            drop(watched);
            std::thread::sleep(*pause);
        }
        assert_eq!(ENDED.load(Ordering::SeqCst), begun, "nothing blocked");
        let _blocked = watcher.watch(&event, &limited(LIMIT));
        for _ in 0..1200 {
            if ENDED.load(Ordering::SeqCst) > begun {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{before:?}: the one that blocks is not found");
    }

    /// Far more than what is answered in time takes, also on a busy machine.
    const LIMIT: Duration = Duration::from_secs(3);

    #[test]
    fn what_blocks_is_found_whatever_was_watched_before() {
        blocks(&[]);
        // The thread looks by itself when the earlier ones would be late, and finds the one that is.
        blocks(&[(LIMIT, Duration::ZERO); 3]);
        // It has looked meanwhile, found nothing, and sleeps until it is woken.
        blocks(&[(LIMIT, LIMIT * 2)]);
        // It would look much too late.
        blocks(&[(LIMIT * 300, Duration::ZERO)]);
    }
}
