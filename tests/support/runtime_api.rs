//! A mock of SCF's runtime API (Tencent Cloud, documents 583/38129 and 583/38130), to the letter of what is
//! documented: four calls, one event at a time, no request id in the paths. It notes every call that breaks a rule,
//! and misbehaves when asked to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use crate::http::{Connection, Server, http};

/// What the function said to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// `POST /runtime/invocation/response`.
    Response(String),
    /// `POST /runtime/invocation/error`.
    Error(String),
}

/// What the next call gets instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// An answer with this status.
    Status(u16),
    /// Bytes that are no HTTP.
    Garbage,
    /// The connection ends without a word.
    Hangup,
    /// The right answer, this much later.
    Late(Duration),
}

struct Event {
    id: String,
    body: String,
    said: Option<oneshot::Sender<Said>>,
}

#[derive(Default)]
struct State {
    ready: bool,
    waiting: VecDeque<Event>,
    /// Handed out and not answered.
    current: Option<Event>,
    calls: Vec<String>,
    violations: Vec<String>,
    misbehaviours: VecDeque<Misbehaviour>,
    connections: usize,
    invoked: usize,
    time_limit: u64,
}

/// The mock; it serves until it is dropped.
pub struct RuntimeApi {
    server: Server,
    state: Arc<Mutex<State>>,
    news: Arc<Notify>,
}

impl std::fmt::Debug for RuntimeApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuntimeApi")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl RuntimeApi {
    /// Starts one on a free port of the loopback interface.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        Self::start_on("127.0.0.1:0").await
    }

    /// Starts one on an address.
    ///
    /// # Panics
    /// When it is in use.
    pub async fn start_on(address: &str) -> Self {
        Self::serving(address, false).await
    }

    /// Starts one again on an address where the function has called `init/ready` before.
    ///
    /// # Panics
    /// When it is in use.
    pub async fn back_on(address: &str) -> Self {
        Self::serving(address, true).await
    }

    async fn serving(address: &str, ready: bool) -> Self {
        let state = Arc::new(Mutex::new(State {
            time_limit: 3000,
            ready,
            ..State::default()
        }));
        let news = Arc::new(Notify::new());
        let shared = (Arc::clone(&state), Arc::clone(&news));
        let serve = move |client| serve(client, Arc::clone(&shared.0), Arc::clone(&shared.1));
        let server = Server::start(address, None, serve).await;
        Self {
            server,
            state,
            news,
        }
    }

    /// The variables with which SCF starts a `bootstrap`.
    #[must_use]
    pub fn environment(&self, handler: &str) -> Vec<(&'static str, String)> {
        vec![
            ("SCF_RUNTIME_API", self.address().ip().to_string()),
            ("SCF_RUNTIME_API_PORT", self.address().port().to_string()),
            ("_HANDLER", handler.to_owned()),
        ]
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Hands out an event, and waits for what the function says to it.
    ///
    /// # Panics
    /// When it says nothing for a minute.
    pub async fn invoke(&self, body: &str) -> Said {
        let answer = self.begin(body);
        tokio::time::timeout(Duration::from_secs(60), answer)
            .await
            .unwrap_or_else(|_| panic!("no answer to {body}; calls: {:#?}", self.calls()))
            .expect("the mock lives")
    }

    /// Hands out an event, without waiting.
    pub fn begin(&self, body: &str) -> oneshot::Receiver<Said> {
        let (said, answer) = oneshot::channel();
        let mut state = lock(&self.state);
        state.invoked += 1;
        let id = format!("request-{}", state.invoked);
        state.waiting.push_back(Event {
            id,
            body: body.to_owned(),
            said: Some(said),
        });
        drop(state);
        self.news.notify_waiters();
        answer
    }

    /// The process is no more: whether the event was not handed out yet, so that another process may ask for it.
    pub(crate) fn begins_anew(&self) -> bool {
        let mut state = lock(&self.state);
        let begins = state.current.is_none() && !state.waiting.is_empty();
        if begins {
            state.ready = false;
        }
        begins
    }

    /// The process that has asked for an event is no more: the event is not handed out again.
    pub(crate) fn forget(&self) {
        let mut state = lock(&self.state);
        state.current = None;
        state.waiting.clear();
        state.ready = false;
    }

    /// What the next calls get.
    pub fn misbehave(&self, misbehaviours: impl IntoIterator<Item = Misbehaviour>) {
        lock(&self.state).misbehaviours.extend(misbehaviours);
    }

    /// `time_limit_in_ms` of the events from now on; 3000 at first, as in SCF.
    pub fn set_time_limit(&self, limit: Duration) {
        lock(&self.state).time_limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    }

    /// Whether `init/ready` was called.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        lock(&self.state).ready
    }

    /// Every call so far: method and path.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        lock(&self.state).calls.clone()
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.state).connections
    }

    /// Every call that broke a rule, and which.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        lock(&self.state).violations.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut client: Connection, state: Arc<Mutex<State>>, news: Arc<Notify>) {
    lock(&state).connections += 1;
    while let Some(request) = client.next().await {
        let (call, body) = (format!("{} {}", request.method, request.path), request.body);
        let misbehaviour = {
            let mut state = lock(&state);
            state.calls.push(call.clone());
            state.misbehaviours.pop_front()
        };
        let answer = match misbehaviour {
            Some(Misbehaviour::Hangup) => return,
            Some(Misbehaviour::Garbage) => {
                client.write(b"\x16\x03\x01 what is this\r\n\r\n").await;
                return;
            }
            Some(Misbehaviour::Status(status)) => http(status, "", "out of order"),
            Some(Misbehaviour::Late(wait)) => {
                tokio::time::sleep(wait).await;
                answer(&call, &body, &state, &news).await
            }
            None => answer(&call, &body, &state, &news).await,
        };
        if !client.write(answer.as_bytes()).await {
            return;
        }
    }
}

async fn answer(call: &str, body: &str, state: &Mutex<State>, news: &Notify) -> String {
    let refuse = |why: &str| {
        lock(state).violations.push(format!("{call}: {why}"));
        http(400, "", why)
    };
    match call {
        "POST /runtime/init/ready" => {
            if lock(state).ready {
                return refuse("called twice");
            }
            if body.is_empty() {
                return refuse("an empty body, which some regions refuse");
            }
            lock(state).ready = true;
            http(200, "", "")
        }
        "GET /runtime/invocation/next" => {
            if !lock(state).ready {
                return refuse("before init/ready");
            }
            loop {
                let waits = news.notified();
                if let Some(answer) = next(&mut lock(state)) {
                    return answer;
                }
                waits.await;
            }
        }
        "POST /runtime/invocation/response" | "POST /runtime/invocation/error" => {
            // The first is final.
            let Some(said) = lock(state).current.take().and_then(|event| event.said) else {
                return refuse("no event is waiting for it");
            };
            let body = body.to_owned();
            let _ = said.send(if call.ends_with("error") {
                Said::Error(body)
            } else {
                Said::Response(body)
            });
            http(200, "", "")
        }
        _ => refuse("not a call of the runtime API"),
    }
}

/// The event that is not answered yet once more, or the next one.
fn next(state: &mut State) -> Option<String> {
    if state.current.is_none() {
        state.current = state.waiting.pop_front();
    }
    let event = state.current.as_ref()?;
    // Names with underscores, in a case that varies.
    let headers = format!(
        "Request_Id: {}\r\nmemory_limit_in_mb: 128\r\nTIME_LIMIT_IN_MS: {}\r\n",
        event.id, state.time_limit
    );
    Some(http(200, &headers, &event.body))
}
