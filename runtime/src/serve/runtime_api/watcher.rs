//! Answers for a handler that blocks its thread.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Context;
use crate::serve::answers::timed_out;
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
    ended: bool,
}

struct Event {
    /// When it is answered.
    at: Instant,
    text: Arc<str>,
    request_id: Arc<str>,
}

/// While it lives, one event is watched.
pub(super) struct Watched<'w>(&'w Watcher);

impl Watcher {
    /// Starts the thread. `address` is the API's, `host:port`; `handler_of` names the handler of an event; `end` is
    /// what ends the process.
    pub(crate) fn start(
        address: String,
        handler_of: impl Fn(&str) -> &'static str + Send + 'static,
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
                tracing::error!(
                    handler = handler_of(&event.text),
                    request_id = &*event.request_id,
                    "a handler blocks its thread: it is answered for with 1006 and the process ends; use async calls, \
                     or tokio::task::spawn_blocking"
                );
                if let Err(error) = respond(&address) {
                    tracing::error!("the runtime API did not take the answer: {error}");
                }
                end();
            })?;
        Ok(watcher)
    }

    pub(super) fn watch(&self, text: &Arc<str>, context: &Context) -> Watched<'_> {
        self.set(context.deadline.map(|deadline| Event {
            at: blocked_at(deadline),
            text: Arc::clone(text),
            request_id: Arc::clone(&context.request_id),
        }));
        Watched(self)
    }

    fn set(&self, watched: Option<Event>) {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).watched = watched;
        self.0.changed.notify_one();
    }

    /// Ends the thread.
    pub(crate) fn stop(&self) {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner).ended = true;
        self.0.changed.notify_one();
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}

impl Shared {
    /// The event whose time has come; `None` when nothing will be watched any more.
    fn wait(&self) -> Option<Event> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.ended {
                return None;
            }
            let left = state.watched.as_ref().map(|event| {
                let at = event.at.into_std();
                at.saturating_duration_since(std::time::Instant::now())
            });
            state = match left {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return state.watched.take(),
                Some(left) => {
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Answers over a connection of its own, without the async runtime, which is blocked.
fn respond(address: &str) -> std::io::Result<()> {
    let to = address
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| std::io::Error::other("it has no address"))?;
    let mut stream = TcpStream::connect_timeout(&to, IO_TIMEOUT)?;
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    stream.set_write_timeout(Some(IO_TIMEOUT))?;
    let body = timed_out();
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
