//! A mock of the side that takes pushes: any gateway, on its good and its bad days.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

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
    address: String,
    state: Arc<Mutex<State>>,
    server: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for PushServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for PushServer {
    fn drop(&mut self) {
        self.server.abort();
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
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let state = Arc::new(Mutex::new(State {
            always: Some(always),
            ..State::default()
        }));
        let server = tokio::spawn(accept(listener, state.clone()));
        Self {
            address,
            state,
            server,
        }
    }

    /// Its address with this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the next pushes get, before it is `always` again.
    pub fn answer(&self, answers: impl IntoIterator<Item = PushAnswer>) {
        lock(&self.state).next.extend(answers);
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

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&state).connections += 1;
        connections.spawn(serve(stream, state.clone()));
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    while let Some((path, body)) = read(&mut stream).await {
        let answer = {
            let mut state = lock(&state);
            state.bodies.push(body);
            state.paths.push(path);
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
        let answer = format!(
            "HTTP/1.1 {status} X\r\n{location}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).await.ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((path, String::from_utf8_lossy(&body).into_owned()))
}
