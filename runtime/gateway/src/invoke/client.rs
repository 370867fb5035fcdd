//! The HTTP client that functions elsewhere are called with.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, sleep};
use wsfn_protocol::Kind;

use super::reply::failed;
use super::{Call, InvokeError};

/// How long an unused connection is kept. Servers close theirs after 5 s and more; one that is used while the server
/// closes it loses an event that nobody may send again (D1).
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest wait for a TCP connection: above three lost SYNs, below the patience of a person.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two tries to reach a function that refuses connections: a restart takes about that long, and no more than
/// twenty tries a second are made for a message that waits for it.
const RETRY_EVERY: Duration = Duration::from_millis(50);

/// How long before the deadline the last try ends, so that a call that was never sent is not called late.
const LAST_TRY: Duration = Duration::from_millis(100);

#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;
#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// A client with a pool of connections. It follows no redirect and uses no proxy.
pub(super) type Client = legacy::Client<Connector, Full<Bytes>>;

/// A client for what is at this address, inside a tokio runtime or not.
///
/// # Errors
/// When the address is `https://`, and this program speaks no TLS or the system trusts nobody.
pub(super) fn client(uri: &Uri) -> Result<Client, String> {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    let connector = secured(connector, uri.scheme_str() == Some("https"))?;
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .build(connector))
}

#[cfg(not(feature = "tls"))]
fn secured(connector: HttpConnector, secure: bool) -> Result<Connector, String> {
    if secure {
        return Err("https:// needs the feature `tls` of the crate wsfn-gateway".into());
    }
    Ok(connector)
}

#[cfg(feature = "tls")]
fn secured(mut connector: HttpConnector, secure: bool) -> Result<Connector, String> {
    let config = crate::tls::client(secure).map_err(|error| {
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

/// Sends the event of a call.
///
/// Where nobody takes connections, a message is sent again until shortly before its deadline, since what restarts is
/// back within seconds; a connect and a close are not, because a client waits for the one, and the gateway tries the
/// other again by itself.
pub(super) async fn send(
    client: &Client,
    call: &Call,
    request: impl Fn() -> Request<Full<Bytes>>,
) -> Result<Response<Incoming>, InvokeError> {
    loop {
        let error = match client.request(request()).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        if !error.is_connect() {
            // Perhaps it was read, perhaps not: it must not be sent again.
            return Err(failed(cause(&error)));
        }
        let is_last =
            call.kind != Kind::Message || Instant::now() + RETRY_EVERY + LAST_TRY >= call.deadline;
        log(&call.request_id, cause(&error), is_last);
        if is_last {
            return Err(InvokeError::NotSent);
        }
        sleep(RETRY_EVERY).await;
    }
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

/// The body of an answer of bounded length.
pub(super) async fn body(response: Response<Incoming>, max: usize) -> Result<Bytes, InvokeError> {
    let body = Limited::new(response.into_body(), max);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(failed(format!("the reply cannot be read: {error}"))),
    }
}

/// The innermost cause; the outer texts only say that a request failed.
fn cause(error: &legacy::Error) -> &(dyn Error + 'static) {
    let mut innermost: &(dyn Error + 'static) = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    innermost
}
