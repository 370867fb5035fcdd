//! The HTTP client that functions elsewhere are called with: hyper's connections, and a pool of our own, since that of
//! hyper-util gives each connection a task, and to wake that and be woken by it costs more than the request itself.

mod connection;
mod pool;

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::{Instant, sleep};
use tower_service::Service as _;
use wsfn_protocol::Kind;

use super::reply::failed;
use super::{Call, InvokeError};
use connection::{Connection, Connector};
use pool::Pool;

/// The longest wait for a TCP connection: above three lost SYNs, below the patience of a person.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two tries to reach a function that refuses connections: a restart takes about that long, and no more than
/// twenty tries a second are made for a message that waits for it.
const RETRY_EVERY: Duration = Duration::from_millis(50);

/// How long before the deadline the last try ends, so that a call that was never sent is not called late.
const LAST_TRY: Duration = Duration::from_millis(100);

/// Room for all headers of a call: it is made once, and does not grow.
const HEADERS: usize = 14;

/// A client for one address, with a pool of connections. It follows no redirect and uses no proxy.
pub(super) struct Client {
    uri: Uri,
    /// What of it stands in a request.
    target: Uri,
    host: HeaderValue,
    connector: Connector,
    idle: Arc<Pool>,
}

/// What a server answered.
pub(super) struct Answer {
    status: StatusCode,
    body: Result<Bytes, Box<dyn Error + Send + Sync>>,
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn body(self) -> Result<Bytes, InvokeError> {
        self.body
            .map_err(|error| failed(format!("the reply cannot be read: {error}")))
    }
}

/// What came of a request that was not answered.
enum Failed {
    /// The server cannot have seen any of it.
    NotSent(Box<dyn Error + Send + Sync>),
    /// Perhaps it was read, perhaps not.
    Sent(String),
}

impl Client {
    /// A client for what is at this address, inside a tokio runtime or not.
    ///
    /// # Errors
    /// When no request can be sent to the address, or it is `https://` and this program speaks no TLS or the system
    /// trusts nobody.
    pub(super) fn new(uri: Uri) -> Result<Self, String> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let is_secure = uri.scheme_str() == Some("https");
        let name = uri.host().ok_or("expected a host")?;
        let host = match uri.port_u16() {
            Some(port) if port != if is_secure { 443 } else { 80 } => format!("{name}:{port}"),
            _ => name.to_owned(),
        };
        Ok(Self {
            target: path(&uri).parse().map_err(|error| format!("{error}"))?,
            host: HeaderValue::from_str(&host).map_err(|error| format!("{error}"))?,
            connector: secured(connector, is_secure)?,
            idle: Arc::default(),
            uri,
        })
    }

    /// Where it sends to.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// A request with this body, and the headers that each one needs.
    pub(super) fn post(&self, body: Bytes, content_type: &'static str) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        let headers = request.headers_mut();
        *headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(HOST, self.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request
    }

    /// Sends the event of a call, and reads an answer of at most so many bytes.
    ///
    /// Where nobody takes connections, a message is sent again until shortly before its deadline, since what restarts
    /// is back within seconds; a connect and a close are not, because a client waits for the one, and the gateway tries
    /// the other again by itself.
    pub(super) async fn send(
        &self,
        call: &Call,
        max: usize,
        request: impl Fn() -> Request<Full<Bytes>>,
    ) -> Result<Answer, InvokeError> {
        loop {
            let why = match self.exchange(&request, max).await {
                Ok(answer) => return Ok(answer),
                // It must not be sent again.
                Err(Failed::Sent(why)) => return Err(failed(why)),
                Err(Failed::NotSent(why)) => why,
            };
            let is_last = call.kind != Kind::Message
                || Instant::now() + RETRY_EVERY + LAST_TRY >= call.deadline;
            log(&call.request_id, innermost(&*why), is_last);
            if is_last {
                return Err(InvokeError::NotSent);
            }
            sleep(RETRY_EVERY).await;
        }
    }

    async fn exchange(
        &self,
        request: impl Fn() -> Request<Full<Bytes>>,
        max: usize,
    ) -> Result<Answer, Failed> {
        // One that its server has closed meanwhile hands the request back: the next one is tried, and a new one last.
        while let Some(mut connection) = self.idle.take() {
            match connection.exchange(request(), max).await {
                Err(Failed::NotSent(_)) => {}
                answered => return self.done(connection, answered),
            }
        }
        let mut connection = self.connect().await.map_err(Failed::NotSent)?;
        let answered = connection.exchange(request(), max).await;
        self.done(connection, answered)
    }

    /// Keeps a connection whose answer was read to its end.
    fn done(
        &self,
        mut connection: Box<Connection>,
        answered: Result<Answer, Failed>,
    ) -> Result<Answer, Failed> {
        if answered.as_ref().is_ok_and(|answer| answer.body.is_ok()) && connection.is_usable() {
            self.idle.put(connection);
        }
        answered
    }

    async fn connect(&self) -> Result<Box<Connection>, Box<dyn Error + Send + Sync>> {
        let mut connector = self.connector.clone();
        std::future::poll_fn(|cx| connector.poll_ready(cx)).await?;
        let stream = connector.call(self.uri.clone()).await?;
        Ok(Box::new(Connection::new(stream).await?))
    }
}

/// The path of an address, with its query.
pub(super) fn path(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |path| path.as_str())
}

#[cfg(not(feature = "tls"))]
fn secured(connector: HttpConnector, is_secure: bool) -> Result<Connector, String> {
    if is_secure {
        return Err("https:// needs the feature `tls` of the crate wsfn-gateway".into());
    }
    Ok(connector)
}

#[cfg(feature = "tls")]
fn secured(mut connector: HttpConnector, is_secure: bool) -> Result<Connector, String> {
    let config = crate::tls::client(is_secure).map_err(|error| {
        format!(
            "no certificate of an https:// address can be checked: {error}; install the authorities that the system \
             trusts (ca-certificates), or name a file with SSL_CERT_FILE"
        )
    })?;
    connector.enforce_http(false);
    Ok(hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector))
}

/// Says why there is no connection.
fn log(request_id: &str, why: &(dyn Error + 'static), is_last: bool) {
    let is_network = why.downcast_ref().is_some_and(|error: &io::Error| {
        error.raw_os_error().is_some() || error.kind() == io::ErrorKind::TimedOut
    });
    if is_network || !is_last {
        tracing::debug!(request_id, "the function cannot be connected to: {why}");
    } else {
        // Nothing that heals by itself: a name that nobody knows, a certificate that is not trusted.
        tracing::warn!(request_id, "the function cannot be connected to: {why}");
    }
}

/// The innermost cause; the outer texts only say that a request failed.
fn innermost<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    innermost
}
