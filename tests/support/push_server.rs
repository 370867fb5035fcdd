//! A mock of the side that takes pushes: any gateway, on its good and its bad days.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;

use crate::http::{Connection, Server};

/// What a push gets.
#[derive(Debug, Clone)]
pub enum PushAnswer {
    /// A status and a body.
    Http(u16, &'static str),
    /// The connection ends without a word.
    Hangup,
    /// Nothing, for this long; then `200` and `errNo` 0.
    Late(Duration),
}

impl PushAnswer {
    /// As a gateway on a good day.
    #[must_use]
    pub const fn ok() -> Self {
        Self::Http(200, r#"{"errNo":0,"errMsg":"ok"}"#)
    }
}

#[derive(Default)]
struct State {
    bodies: Vec<String>,
    paths: Vec<String>,
    next: VecDeque<PushAnswer>,
    always: Option<PushAnswer>,
    connections: usize,
    now: usize,
    most: usize,
}

/// The mock; it serves until it is dropped.
pub struct PushServer {
    server: Server,
    scheme: &'static str,
    state: Arc<Mutex<State>>,
}

impl std::fmt::Debug for PushServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushServer")
            .field("address", &self.server.address())
            .finish_non_exhaustive()
    }
}

impl PushServer {
    /// Starts one on a free port of the loopback interface; every push gets `always`.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(always: PushAnswer) -> Self {
        Self::start_on("127.0.0.1:0", always).await
    }

    /// Starts one on an address.
    ///
    /// # Panics
    /// When it is in use.
    pub async fn start_on(address: &str, always: PushAnswer) -> Self {
        Self::start_with(address, None, always).await
    }

    /// Starts one that speaks TLS, on a free port of the loopback interface.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start_tls(tls: TlsAcceptor, always: PushAnswer) -> Self {
        Self::start_with("127.0.0.1:0", Some(tls), always).await
    }

    async fn start_with(address: &str, tls: Option<TlsAcceptor>, always: PushAnswer) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Arc::new(Mutex::new(State {
            always: Some(always),
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let serve = move |client| serve(client, Arc::clone(&shared));
        let server = Server::start(address, tls, serve).await;
        Self {
            server,
            scheme,
            state,
        }
    }

    /// Its address with this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.server.address())
    }

    /// What the next pushes get, before it is `always` again.
    pub fn answer(&self, answers: impl IntoIterator<Item = PushAnswer>) {
        lock(&self.state).next.extend(answers);
    }

    /// What every push gets from now on.
    pub fn always(&self, answer: PushAnswer) {
        lock(&self.state).always = Some(answer);
    }

    /// The bodies so far.
    #[must_use]
    pub fn bodies(&self) -> Vec<String> {
        lock(&self.state).bodies.clone()
    }

    /// The paths so far.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        lock(&self.state).paths.clone()
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.state).connections
    }

    /// The most pushes that were here at once.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        lock(&self.state).most
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut client: Connection, state: Arc<Mutex<State>>) {
    lock(&state).connections += 1;
    while let Some(request) = client.next().await {
        let answer = {
            let mut state = lock(&state);
            state.bodies.push(request.body);
            state.paths.push(request.path);
            state.now += 1;
            state.most = state.most.max(state.now);
            state.next.pop_front().or_else(|| state.always.clone())
        };
        let answer = match answer {
            Some(PushAnswer::Http(status, body)) => Some((status, body)),
            Some(PushAnswer::Hangup) | None => None,
            Some(PushAnswer::Late(wait)) => {
                tokio::time::sleep(wait).await;
                Some((200, r#"{"errNo":0,"errMsg":"ok"}"#))
            }
        };
        lock(&state).now -= 1;
        let Some((status, body)) = answer else {
            return;
        };
        let location = if (300..400).contains(&status) {
            "location: /elsewhere\r\n"
        } else {
            ""
        };
        if !client.answer(status, location, body).await {
            return;
        }
    }
}
