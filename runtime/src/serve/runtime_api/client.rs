//! The runtime API over HTTP.

use std::fmt;
use std::io::Write as _;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::answer::{Answer, read};
use super::{Api, Invocation};
use crate::serve::EVENT_MAX;
use crate::serve::answers::{text, unreadable};
use crate::serve::context::Environment;

/// How long the API, which is on this machine, may take for everything but `invocation/next`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of the answer to `init/ready` and `invocation/response`.
const REST_MAX: usize = 64 << 10;

/// What is read at once; a small event arrives in one piece. Buffers that had to hold a larger one are given back.
const BUFFER: usize = 8 << 10;

/// The runtime API at one address. One connection is kept and used for everything.
pub(crate) struct Client {
    connection: Connection,
    patience: Patience,
    environment: Environment,
}

/// Why the API did not do what was asked.
#[derive(Debug)]
pub(crate) struct ApiError(String);

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ApiError {
    fn new(what: &str, why: impl fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

impl Client {
    /// The API at `host:port`; nothing is connected yet.
    pub(crate) fn new(address: String, environment: Environment) -> Self {
        Self {
            connection: Connection {
                address,
                stream: None,
                request: Vec::new(),
                answer: Vec::new(),
            },
            patience: Patience::new(),
            environment,
        }
    }

    /// A short call: its status.
    async fn post(&mut self, path: &str, body: &[u8]) -> Result<u16, ApiError> {
        let call = self
            .connection
            .call("POST", path, body, REST_MAX, |answer| answer.status);
        let called = self.patience.with(call).await;
        called.unwrap_or_else(|| Err(ApiError::new("no answer", "timed out")))
    }
}

/// Ends what takes longer than [`TIMEOUT`]. One timer, which is put off: to make one for each call would call tokio's
/// driver away from its sockets each time.
struct Patience(Pin<Box<Sleep>>);

impl Patience {
    fn new() -> Self {
        Self(Box::pin(sleep(TIMEOUT)))
    }

    async fn with<T>(&mut self, what: impl Future<Output = T>) -> Option<T> {
        self.0.as_mut().reset(Instant::now() + TIMEOUT);
        tokio::select! {
            biased;
            done = what => Some(done),
            () = &mut self.0 => None,
        }
    }
}

struct Connection {
    /// `host:port`.
    address: String,
    stream: Option<TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    /// A request, and what `then` makes of its answer. A connection that the API closed since it was last used is made
    /// anew: to ask again is harmless, since the same event comes and the first answer to it counts.
    async fn call<T>(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        body_max: usize,
        mut then: impl FnMut(Answer<'_, '_>) -> T,
    ) -> Result<T, ApiError> {
        self.request.clear();
        // Writing to memory does not fail.
        let _ = write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.request.extend_from_slice(body);
        let called = loop {
            let kept = self.stream.take();
            let reused = kept.is_some();
            let mut stream = match kept {
                Some(stream) => stream,
                None => timeout(TIMEOUT, connect(&self.address))
                    .await
                    .map_err(|_| ApiError::new("cannot connect", "timed out"))??,
            };
            match exchange(
                &mut stream,
                &self.request,
                &mut self.answer,
                body_max,
                &mut then,
            )
            .await
            {
                Ok((answer, keeps)) => {
                    self.stream = keeps.then_some(stream);
                    break Ok(answer);
                }
                Err(_) if reused => {}
                Err(error) => break Err(ApiError::new("no answer", error)),
            }
        };
        self.request.shrink_to(BUFFER);
        self.answer.clear();
        self.answer.shrink_to(BUFFER);
        called
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Writes a request and reads its answer into `buffer`. Says too whether the connection can be used again.
async fn exchange<T>(
    stream: &mut TcpStream,
    request: &[u8],
    buffer: &mut Vec<u8>,
    body_max: usize,
    then: &mut impl FnMut(Answer<'_, '_>) -> T,
) -> Result<(T, bool), BoxError> {
    stream.write_all(request).await?;
    buffer.clear();
    // The next event comes when it comes.
    if let Some(answered) = piece(stream, buffer, body_max, then).await? {
        return Ok(answered);
    }
    // What has begun to come is here soon.
    let rest = timeout(TIMEOUT, async {
        loop {
            if let Some(answered) = piece(stream, buffer, body_max, then).await? {
                return Ok(answered);
            }
        }
    });
    rest.await
        .unwrap_or_else(|_| Err("it broke off: timed out".into()))
}

/// Reads some more, and the answer if that was all of it.
async fn piece<T>(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    body_max: usize,
    then: &mut impl FnMut(Answer<'_, '_>) -> T,
) -> Result<Option<(T, bool)>, BoxError> {
    buffer.reserve(BUFFER);
    let ended = stream.read_buf(buffer).await? == 0;
    let answered = read(buffer, ended, body_max, |answer| {
        let keeps = answer.keeps;
        (then(answer), keeps)
    });
    Ok(answered?)
}

impl Api for Client {
    type Error = ApiError;

    async fn ready(&mut self) -> Result<(), ApiError> {
        // An empty body is refused by some regions.
        match self.post("/runtime/init/ready", b" ").await? {
            200..300 => Ok(()),
            status => Err(ApiError::new("HTTP status", status)),
        }
    }

    async fn next(&mut self) -> Result<Invocation, ApiError> {
        let Self {
            connection,
            environment,
            ..
        } = self;
        let path = "/runtime/invocation/next";
        let called = connection.call("GET", path, b"", EVENT_MAX, |answer| {
            if answer.status != 200 {
                return Err(ApiError::new("HTTP status", answer.status));
            }
            let event = match &answer.body {
                Some(body) => text(body),
                None => Err(unreadable(&format!(
                    "not an event: larger than {EVENT_MAX} bytes"
                ))),
            };
            let context = environment.context(|name| answer.header(name), Instant::now());
            Ok(Invocation { event, context })
        });
        called.await?
    }

    async fn respond(&mut self, reply: &str) -> Result<(), ApiError> {
        let path = "/runtime/invocation/response";
        match self.post(path, reply.as_bytes()).await? {
            200..300 => Ok(()),
            status @ 400..500 => {
                // It will not take this answer later either: the first one counts, or the invocation is over.
                tracing::warn!(status, "the runtime API refused an answer");
                Ok(())
            }
            status => Err(ApiError::new("HTTP status", status)),
        }
    }
}

async fn connect(address: &str) -> Result<TcpStream, ApiError> {
    let refused = |error| ApiError::new("cannot connect", error);
    let stream = TcpStream::connect(address).await.map_err(refused)?;
    // Answers are small and must not wait for more.
    stream.set_nodelay(true).map_err(refused)?;
    Ok(stream)
}
