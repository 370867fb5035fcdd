//! The runtime API over HTTP.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::{Api, Invocation, Taken, TooLarge};
use crate::serve::EVENT_MAX;
use crate::serve::context::Environment;

/// How long the API, which is on this machine, may take for everything but `invocation/next`.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is read of the answer to `init/ready` and `invocation/response`, so that the connection can be used again.
const REST_MAX: usize = 64 << 10;

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
    ///
    /// # Errors
    /// When that cannot stand in a request.
    pub(crate) fn new(address: String, environment: Environment) -> Result<Self, String> {
        let host = HeaderValue::from_str(&address)
            .map_err(|_| format!("SCF_RUNTIME_API: {address:?} is no host name"))?;
        Ok(Self {
            connection: Connection {
                address,
                host,
                sender: None,
            },
            patience: Patience::new(),
            environment,
        })
    }

    /// A short call: status and nothing else.
    async fn post(&mut self, path: &'static str, body: Bytes) -> Result<StatusCode, ApiError> {
        let called = self.patience.with(self.connection.post(path, body)).await;
        called.unwrap_or_else(|| {
            self.connection.sender = None;
            Err(ApiError::new("no answer", "timed out"))
        })
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
    host: HeaderValue,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// A request and the head of its answer. A connection that the API closed since it was last used is made anew: to
    /// ask again is harmless, since the same event comes and the first answer to it counts.
    async fn call(
        &mut self,
        method: Method,
        path: &'static str,
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
            let request = self.request(method.clone(), path, body.clone());
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

    fn request(&self, method: Method, path: &'static str, body: Bytes) -> Request<Full<Bytes>> {
        let has_body = method == Method::POST;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(path);
        let headers = request.headers_mut();
        headers.insert(HOST, self.host.clone());
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        request
    }

    async fn post(&mut self, path: &'static str, body: Bytes) -> Result<StatusCode, ApiError> {
        let response = self.call(Method::POST, path, body).await?;
        let status = response.status();
        let rest = Limited::new(response.into_body(), REST_MAX).collect().await;
        if rest.is_err() {
            self.sender = None;
        }
        Ok(status)
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
            .connection
            .call(Method::GET, "/runtime/invocation/next", Bytes::new())
            .await?;
        let status = response.status();
        let (head, body) = response.into_parts();
        let body = Limited::new(body, EVENT_MAX).collect();
        let body = match self.patience.with(body).await {
            Some(Ok(body)) => Ok(body.to_bytes()),
            Some(Err(error)) => {
                // What is left of the body would be taken for the next answer.
                self.connection.sender = None;
                if !error.is::<LengthLimitError>() {
                    return Err(ApiError::new("the event broke off", error));
                }
                Err(TooLarge)
            }
            None => {
                self.connection.sender = None;
                return Err(ApiError::new("the event broke off", "timed out"));
            }
        };
        if status != StatusCode::OK {
            return Err(ApiError::new("HTTP status", status));
        }
        let context = self.environment.context(&head.headers, Instant::now());
        Ok(Invocation { body, context })
    }

    async fn respond(&mut self, reply: Bytes) -> Result<Taken, ApiError> {
        let status = self.post("/runtime/invocation/response", reply).await?;
        if status.is_success() {
            return Ok(Taken::Yes);
        }
        if status.is_client_error() {
            return Ok(Taken::Refused(status.as_u16()));
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
    let (sender, connection) = Builder::new()
        // Answers are small: to copy one behind its head costs less than a list of two places to write from.
        .writev(false)
        .handshake(TokioIo::new(stream))
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
