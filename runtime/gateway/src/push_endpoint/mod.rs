//! The push endpoint: where functions that live elsewhere push to, over HTTP.
//!
//! `POST {push-path}` with the JSON of a push (Tencent Cloud, document 583/31438, and the additions of our gateway)
//! is answered with `{"errNo":…,"errMsg":…}` and the HTTP status that belongs to the number. A token stands behind
//! the path, `POST {push-path}/<token>`, since functions written for Tencent's gateway cannot send a header, or in
//! `Authorization: Bearer <token>`.

mod access;
mod answer;
mod body;
mod guard;
mod service;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use wsfn_protocol::{Answer, Request};
use wsfn_settings::Settings;

use self::guard::Guard;
use self::service::Service;
use crate::hub::Handle;

/// Connections at once. Functions keep a few each; what comes above it waits in the system's queue.
const CONNECTIONS_MAX: usize = 1024;

/// How long a connection may stay without a request. Clients give up idle ones earlier (2 s in our own functions,
/// 90 s in Go's client), so that none of them finds its connection closed just as it sends.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// How long to wait after the system could not give a connection, which is when its files are used up: trying at
/// once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What does pushes: the gateway's [`Handle`], and in tests something simpler.
pub trait Act: Send + Sync + 'static {
    /// Does a push and says what came of it, without waiting.
    fn act(&self, request: &Request<'_>) -> Answer;
}

impl Act for Handle {
    fn act(&self, request: &Request<'_>) -> Answer {
        Self::act(self, request)
    }
}

/// An HTTP server for pushes.
pub struct PushEndpoint {
    service: Arc<Service>,
    listeners: Vec<TcpListener>,
    addrs: Vec<SocketAddr>,
    close_timeout: Duration,
}

impl PushEndpoint {
    /// Listens on the addresses of `push-listen`; where that is off, the endpoint serves nobody.
    ///
    /// # Errors
    /// When an address cannot be listened on, or one is not loopback and there is no `push-token`.
    pub async fn bind(act: impl Act, settings: &Settings) -> Result<Self, BindError> {
        let mut listeners = Vec::new();
        let mut addrs = Vec::new();
        for addr in settings.push_listen.iter().flatten().copied() {
            if settings.push_token.is_empty() && !addr.ip().to_canonical().is_loopback() {
                return Err(BindError {
                    addr,
                    reason: Reason::NoToken,
                });
            }
            let failed = |error| BindError {
                addr,
                reason: Reason::Io(error),
            };
            let listener = TcpListener::bind(addr).await.map_err(failed)?;
            addrs.push(listener.local_addr().map_err(failed)?);
            listeners.push(listener);
        }
        Ok(Self {
            service: Arc::new(Service::new(Arc::new(act), settings)),
            listeners,
            addrs,
            close_timeout: settings.close_timeout,
        })
    }

    /// Where it listens, with the ports that the system gave.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Serves pushes until `shutdown` is ready. Then no connection is accepted any more, requests that have begun
    /// are answered for up to `close-timeout`, and what is left is cut.
    ///
    /// # Cancel safety
    /// Dropping the future closes every connection at once.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(false);
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        for addr in &self.addrs {
            tracing::info!(%addr, "pushes are taken here");
        }
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(
                listener,
                Arc::clone(&self.service),
                Arc::clone(&permits),
                stopped.clone(),
            ));
        }
        drop(stopped);
        shutdown.await;
        // Fails where nobody listens, and then there is nobody to tell.
        let _ = stop.send(true);
        if timeout(self.close_timeout, async {
            while accepting.join_next().await.is_some() {}
        })
        .await
        .is_err()
        {
            tracing::debug!("push endpoint: connections cut at shutdown");
        }
    }
}

/// Accepts until told to stop, then waits for the connections it has.
async fn accept(
    listener: TcpListener,
    service: Arc<Service>,
    permits: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (listener.accept().await, permit)
        };
        tokio::select! {
            _ = stopped.changed() => break,
            // Ended ones are taken out as they end, or the set would grow with every connection there ever was.
            Some(_) = connections.join_next() => {}
            (accepted, permit) = next => match accepted {
                Ok((stream, _)) => {
                    let connection = connection(stream, Arc::clone(&service), stopped.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "push endpoint: cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    // A small answer would otherwise wait for the acknowledgement of the one before; without it it is only slower.
    let _ = stream.set_nodelay(true);
    let (guard, busy) = Guard::new(stream, service.head_timeout(), service.write_timeout());
    let header_max = service.header_max();
    let serve = service_fn(move |request| {
        let (service, busy) = (Arc::clone(&service), busy.clone());
        async move { service.answer(request, &busy).await }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .max_header_size(header_max);
    let mut serving = pin!(http.serve_connection(TokioIo::new(guard), serve));
    let result = tokio::select! {
        result = &mut serving => result,
        _ = stopped.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "push endpoint: connection ended");
    }
}

impl fmt::Debug for PushEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEndpoint")
            .field("addrs", &self.addrs)
            .finish_non_exhaustive()
    }
}

/// Why the push endpoint cannot listen.
#[derive(Debug)]
pub struct BindError {
    addr: SocketAddr,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Io(io::Error),
    NoToken,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addr = self.addr;
        match &self.reason {
            Reason::Io(error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "push-listen: {addr} is in use; set push-listen to another port"
                )
            }
            Reason::Io(error) => write!(f, "push-listen: cannot listen on {addr}: {error}"),
            Reason::NoToken => write!(f, "push-listen: {addr} is not loopback; set a push-token"),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Io(error) => Some(error),
            Reason::NoToken => None,
        }
    }
}
