//! A small HTTP server: for pushes, and for whoever runs the gateway.

mod guard;
mod local;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use wsfn_settings::Settings;

use crate::counters::Counters;
use crate::gateway::ACCEPT_PAUSE;
use crate::limit::Limit;
use crate::listen::listen;
use crate::socket::{Listener, Socket};
use crate::tls::Certificate;
use guard::Guard;
pub(crate) use local::is_local;

/// Connections at once. Functions keep a few each; what comes above it waits in the system's queue.
const CONNECTIONS_MAX: usize = 1024;

/// How long a connection may stay without a request. Clients give up idle ones earlier (2 s in our own functions,
/// 90 s in Go's client), so that none of them finds its connection closed just as it sends.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// An answer on its way.
pub(crate) type Reply = Response<Full<Bytes>>;

/// What answers requests.
pub(crate) trait Serve: Send + Sync + 'static {
    /// What the log calls it.
    const NAME: &'static str;

    /// Answers a request that came in through a listener on loopback, or through another.
    fn answer(
        &self,
        request: Request<Incoming>,
        loopback: bool,
    ) -> impl Future<Output = Reply> + Send;
}

/// Listeners, and the times that a connection has.
pub(crate) struct HttpServer {
    listeners: Vec<Listener>,
    addrs: Vec<SocketAddr>,
    counters: Arc<Counters>,
    times: Times,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    header_max: usize,
    head_timeout: Duration,
    write_timeout: Duration,
    close_timeout: Duration,
}

impl HttpServer {
    /// Listens on these addresses, over TLS where one has a certificate.
    ///
    /// # Errors
    /// With the first that cannot be listened on.
    pub(crate) async fn bind(
        wanted: Vec<(SocketAddr, Option<Certificate>)>,
        settings: &Settings,
        counters: Arc<Counters>,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let mut listeners = Vec::new();
        let mut addrs = Vec::new();
        for (addr, certificate) in wanted {
            let failed = |error| (addr, error);
            let listener = listen(addr).map_err(failed)?;
            addrs.push(listener.local_addr().map_err(failed)?);
            listeners.push(Listener::new(listener, certificate));
        }
        Ok(Self {
            listeners,
            addrs,
            counters,
            times: Times {
                header_max: settings.header_max,
                head_timeout: settings.handshake_timeout,
                write_timeout: settings.write_timeout,
                close_timeout: settings.close_timeout,
            },
        })
    }

    /// Where it listens, with the ports that the system gave.
    pub(crate) fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Serves requests until `shutdown` is ready. Then no connection is accepted any more, requests that have begun
    /// are answered for up to `close-timeout`, and what is left is cut.
    ///
    /// # Cancel safety
    /// Dropping the future closes every connection at once.
    pub(crate) async fn serve<S: Serve>(
        self,
        service: Arc<S>,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let (stop, stopped) = watch::channel(false);
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut accepting = JoinSet::new();
        for (listener, addr) in self.listeners.into_iter().zip(&self.addrs) {
            let shared = Shared {
                service: Arc::clone(&service),
                loopback: addr.ip().to_canonical().is_loopback(),
                times: self.times,
                counters: Arc::clone(&self.counters),
            };
            accepting.spawn(accept(
                listener,
                shared,
                Arc::clone(&permits),
                stopped.clone(),
            ));
        }
        drop(stopped);
        shutdown.await;
        // Fails where nobody listens, and then there is nobody to tell.
        let _ = stop.send(true);
        let ended = timeout(self.times.close_timeout, async {
            while accepting.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            tracing::debug!("{}: connections cut at shutdown", S::NAME);
        }
    }
}

/// What every connection of a listener shares.
struct Shared<S> {
    service: Arc<S>,
    loopback: bool,
    times: Times,
    counters: Arc<Counters>,
}

impl<S> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self {
            service: Arc::clone(&self.service),
            counters: Arc::clone(&self.counters),
            ..*self
        }
    }
}

/// Accepts until told to stop, then waits for the connections it has.
async fn accept<S: Serve>(
    mut listener: Listener,
    shared: Shared<S>,
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
                Ok((socket, _)) => {
                    let connection = serve(socket, shared.clone(), stopped.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "{}: cannot accept a connection", S::NAME);
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve<S: Serve>(socket: Socket, shared: Shared<S>, stopped: watch::Receiver<bool>) {
    match socket {
        Socket::Tcp(stream) => {
            // A small answer would otherwise wait for the acknowledgement of the one before; without it it is only
            // slower.
            let _ = stream.set_nodelay(true);
            connection(stream, shared, stopped).await;
        }
        #[cfg(any(test, feature = "testing", feature = "tls"))]
        socket => {
            let (reader, writer) = socket.into_split();
            connection(tokio::io::join(reader, writer), shared, stopped).await;
        }
    }
}

async fn connection<S: Serve>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Shared<S>,
    mut stopped: watch::Receiver<bool>,
) {
    let times = shared.times;
    let counters = Arc::clone(&shared.counters);
    let (guard, busy) = Guard::new(
        stream,
        times.head_timeout,
        times.write_timeout,
        Arc::clone(&counters),
    );
    let serve = service_fn(move |request| {
        let (shared, busy) = (shared.clone(), busy.clone());
        async move {
            busy.turn();
            let reply = shared.service.answer(request, shared.loopback).await;
            busy.turn();
            Ok::<_, Infallible>(reply)
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(KEEP_ALIVE)
        .max_header_size(times.header_max);
    let mut serving = pin!(http.serve_connection(TokioIo::new(guard), serve));
    let result = tokio::select! {
        result = &mut serving => result,
        _ = stopped.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        if error.is_parse_too_large() {
            counters.reached(Limit::HeaderMax);
        }
        tracing::debug!(%error, "{}: connection ended", S::NAME);
    }
}
