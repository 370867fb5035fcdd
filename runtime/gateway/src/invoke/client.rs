//! The HTTP client that functions elsewhere are called with.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::InvokeError;
use super::reply::{REPLY_MAX, failed};

/// How long an unused connection is kept. Servers close theirs after 5 s and more; one that is used while the server
/// closes it loses an event that nobody may send again (D1).
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest wait for a TCP connection: above three lost SYNs, below the patience of a person.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client with a pool of connections. It follows no redirect and uses no proxy.
pub(super) type Client = legacy::Client<HttpConnector, Full<Bytes>>;

/// A client, inside a tokio runtime or not.
pub(super) fn client() -> Client {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_timer(TokioTimer::new())
        .build(connector)
}

/// The body of an answer, at most as long as a reply may be.
pub(super) async fn body(response: Response<Incoming>) -> Result<Bytes, InvokeError> {
    let body = Limited::new(response.into_body(), REPLY_MAX);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => Err(failed(format!("the reply cannot be read: {error}"))),
    }
}

/// The innermost cause; the outer texts only say that a request failed.
pub(super) fn cause(error: &legacy::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(next) = innermost.source() {
        innermost = next;
    }
    innermost.to_string()
}
