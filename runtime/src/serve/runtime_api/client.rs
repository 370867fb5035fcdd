//! The runtime API over HTTP.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{Api, Invocation, TooLarge};
use crate::serve::EVENT_MAX;
use crate::serve::context::Environment;

/// How long the API, which is on this machine, may take for everything but `invocation/next`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of the answer to `init/ready` and `invocation/response`, so that the connection can be used again.
const REST_MAX: usize = 64 << 10;

/// The runtime API at one address. One connection is kept and used for everything.
pub(crate) struct Client {
    /// `host:port`.
    address: String,
    environment: Environment,
    sender: Option<SendRequest<Full<Bytes>>>,
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
            address,
            environment,
            sender: None,
        }
    }

    /// A request and the head of its answer. A connection that the API closed since it was last used is made anew: to
    /// ask again is harmless, since the same event comes and the first answer to it counts.
    async fn call(
        &mut self,
        method: &Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, ApiError> {
        loop {
            let kept = self.sender.take();
            let reused = kept.is_some();
            let mut sender = match kept {
                Some(sender) => sender,
                None => timeout(TIMEOUT, connect(&self.address))
                    .await
                    .map_err(|_| ApiError::new("cannot connect", "timed out"))??,
            };
            let request = self.request(method, path, body.clone())?;
            let sent = match sender.ready().await {
                Ok(()) => sender.send_request(request).await,
                Err(error) => Err(error),
            };
            match sent {
                Ok(response) => {
                    self.sender = Some(sender);
                    return Ok(response);
                }
                Err(_) if reused => {}
                Err(error) => return Err(ApiError::new("no answer", cause(&error))),
            }
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ApiError> {
        Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.address)
            .header("content-type", "application/json")
            .body(Full::new(body))
            .map_err(|error| ApiError::new("SCF_RUNTIME_API", error))
    }

    /// A short call: status and nothing else.
    async fn post(&mut self, path: &str, body: Bytes) -> Result<StatusCode, ApiError> {
        let called = timeout(TIMEOUT, async {
            let response = self.call(&Method::POST, path, body).await?;
            let status = response.status();
            let rest = Limited::new(response.into_body(), REST_MAX).collect().await;
            if rest.is_err() {
                self.sender = None;
            }
            Ok(status)
        });
        let Ok(outcome) = called.await else {
            self.sender = None;
            return Err(ApiError::new("no answer", "timed out"));
        };
        outcome
    }
}

impl Api for Client {
    type Error = ApiError;

    async fn ready(&mut self) -> Result<(), ApiError> {
        // An empty body is refused by some regions.
        let status = self
            .post("/runtime/init/ready", Bytes::from_static(b" "))
            .await?;
        if status.is_success() {
            return Ok(());
        }
        Err(ApiError::new("HTTP status", status))
    }

    async fn next(&mut self) -> Result<Invocation, ApiError> {
        let response = self
            .call(&Method::GET, "/runtime/invocation/next", Bytes::new())
            .await?;
        let status = response.status();
        let (head, body) = response.into_parts();
        let body = match timeout(TIMEOUT, Limited::new(body, EVENT_MAX).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
            Ok(Err(error)) => {
                // What is left of the body would be taken for the next answer.
                self.sender = None;
                if !error.is::<LengthLimitError>() {
                    return Err(ApiError::new("the event broke off", error));
                }
                Err(TooLarge)
            }
            Err(_) => {
                self.sender = None;
                return Err(ApiError::new("the event broke off", "timed out"));
            }
        };
        if status != StatusCode::OK {
            return Err(ApiError::new("HTTP status", status));
        }
        let context = self.environment.context(&head.headers, Instant::now());
        Ok(Invocation { body, context })
    }

    async fn respond(&mut self, reply: &str) -> Result<(), ApiError> {
        let reply = Bytes::copy_from_slice(reply.as_bytes());
        let status = self.post("/runtime/invocation/response", reply).await?;
        if status.is_success() {
            return Ok(());
        }
        if status.is_client_error() {
            // It will not take this answer later either: the first one counts, or the invocation is over.
            tracing::warn!(
                status = status.as_u16(),
                "the runtime API refused an answer"
            );
            return Ok(());
        }
        Err(ApiError::new("HTTP status", status))
    }
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>, ApiError> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| ApiError::new("cannot connect", error))?;
    // Answers are small and must not wait for more.
    stream
        .set_nodelay(true)
        .map_err(|error| ApiError::new("cannot connect", error))?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| ApiError::new("cannot connect", error))?;
    // It ends with the sender; its error is the sender's too.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

/// The innermost cause, which says more than "error sending request".
fn cause(error: &hyper::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
