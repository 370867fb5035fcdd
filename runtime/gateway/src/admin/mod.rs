//! The admin endpoint: what whoever runs the gateway asks of it.
//!
//! | request | answer |
//! |---|---|
//! | `GET /healthz` | 200 as long as the process answers |
//! | `GET /readyz` | 200, or 503 while it drains, is full, or cannot write its journal |
//! | `GET /metrics` | numbers, in the text format of OpenMetrics, which Prometheus reads |
//! | `GET /journal` | JSON: close events that earlier runs left, by route, and how the journal is |
//! | `GET /connections` | JSON, in pages: `after` takes `next`, `limit` is at most 1000 |
//! | `GET /connections/ID` | one of them |
//! | `DELETE /connections/ID` | closes it with 1000, or the `code` and `reason` of the query |
//!
//! Connection ids are secrets, so the last three are answered on loopback only, and so is what routes there are.

mod connections;
mod journal;
#[cfg(feature = "metrics")]
mod metrics;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use wsfn_settings::Settings;

use crate::counters::Counters;
use crate::http_server::{HttpServer, Reply, Serve, is_local};
use crate::shared::Shared;
#[cfg(feature = "metrics")]
use metrics::Metrics;

/// An HTTP server for operators.
pub(crate) struct AdminEndpoint {
    server: HttpServer,
}

impl AdminEndpoint {
    /// Listens on the addresses of `admin-listen`; where that is off, on none.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub(crate) async fn bind(
        settings: &Settings,
        counters: Arc<Counters>,
    ) -> Result<Self, BindError> {
        let wanted = settings.admin_listen.iter().flatten();
        // Whoever runs the gateway is near, and what watches it knows no certificates.
        let wanted = wanted.map(|addr| (*addr, None)).collect();
        let server = HttpServer::bind(wanted, settings, counters).await;
        let server = server.map_err(|(addr, error)| BindError { addr, error })?;
        Ok(Self { server })
    }

    /// Where it listens, with the ports that the system gave.
    pub(crate) fn local_addrs(&self) -> &[SocketAddr] {
        self.server.local_addrs()
    }

    /// Answers until `shutdown` is ready.
    pub(crate) async fn serve(
        self,
        shared: Arc<Shared>,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        for addr in self.local_addrs() {
            tracing::info!("health, metrics and connections are at http://{addr}");
        }
        let service = Arc::new(Service {
            #[cfg(feature = "metrics")]
            metrics: Metrics::new(&shared),
            shared,
        });
        self.server.serve(service, shutdown).await;
    }
}

struct Service {
    shared: Arc<Shared>,
    #[cfg(feature = "metrics")]
    metrics: Metrics,
}

impl Serve for Service {
    const NAME: &'static str = "admin endpoint";

    async fn answer(&self, request: Request<Incoming>, loopback: bool) -> Reply {
        let (head, _) = request.into_parts();
        let path = head.uri.path();
        let get = matches!(head.method, Method::GET | Method::HEAD);
        match path {
            "/healthz" if get => text(StatusCode::OK, "ok\n"),
            "/readyz" if get => self.ready(),
            "/metrics" if get => self.metrics().await,
            "/healthz" | "/readyz" | "/metrics" => not_allowed("GET"),
            "/journal" => match not_near(&head, loopback) {
                Some(refusal) => refusal,
                None if get => journal::answer(&self.shared.hub).await,
                None => not_allowed("GET"),
            },
            _ => match path.strip_prefix("/connections") {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                    if let Some(refusal) = not_near(&head, loopback) {
                        return refusal;
                    }
                    let id = rest.strip_prefix('/').unwrap_or_default();
                    connections::answer(&self.shared.hub, &head, id)
                }
                _ => text(
                    StatusCode::NOT_FOUND,
                    "here are /healthz, /readyz, /metrics, /journal and /connections\n",
                ),
            },
        }
    }
}

impl Service {
    #[cfg(feature = "metrics")]
    async fn metrics(&self) -> Reply {
        let oldest = match self.shared.hub.journal() {
            Some(journal) => journal.oldest().await,
            None => None,
        };
        self.metrics.answer(oldest.unwrap_or_default())
    }

    #[cfg(not(feature = "metrics"))]
    async fn metrics(&self) -> Reply {
        text(
            StatusCode::NOT_FOUND,
            "this program is built without the feature `metrics`\n",
        )
    }

    fn ready(&self) -> Reply {
        if self.shared.is_draining() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "draining\n");
        }
        if self.shared.hub.is_full() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "full\n");
        }
        if self.shared.hub.is_unrecordable() {
            return text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the journal is full or cannot be written\n",
            );
        }
        text(StatusCode::OK, "ready\n")
    }
}

/// The refusal of whoever is not on this machine, or is a page in a browser there.
fn not_near(head: &Parts, loopback: bool) -> Option<Reply> {
    if !loopback {
        return Some(text(
            StatusCode::FORBIDDEN,
            "connection ids and routes are secrets: ask from this machine, on loopback\n",
        ));
    }
    if head.headers.contains_key(ORIGIN) || !is_local(head) {
        return Some(text(
            StatusCode::FORBIDDEN,
            "not for web pages: `Host` has to be an IP address or localhost, and `Origin` absent\n",
        ));
    }
    None
}

fn not_allowed(allow: &'static str) -> Reply {
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, "not with this method\n");
    let allow = HeaderValue::from_static(allow);
    reply.headers_mut().insert(ALLOW, allow);
    reply
}

fn text(status: StatusCode, text: &'static str) -> Reply {
    reply(status, "text/plain; charset=utf-8", text.to_owned())
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::from(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Why the admin endpoint cannot listen.
#[derive(Debug)]
pub(crate) struct BindError {
    addr: SocketAddr,
    error: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { addr, error } = self;
        if error.kind() == io::ErrorKind::AddrInUse {
            return write!(
                f,
                "admin-listen: {addr} is in use; set admin-listen to another port, or off"
            );
        }
        write!(f, "admin-listen: cannot listen on {addr}: {error}")
    }
}
