//! An event function in an image: `POST /event-invoke` (583/56051).

mod handlers;
mod request;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket};
use wsfn_settings::{Mode, Settings};

use super::answers::Answers;
use super::context::Environment;
use super::signature::Signatures;
pub(crate) use handlers::Handlers;
pub(crate) use request::BODY_TIMEOUT;

/// The longest that a connection may take to send the head of a request, and may do nothing. Above the idle time of
/// a gateway's connection pools, so that it is they who close.
const HEAD_TIMEOUT: Duration = Duration::from_secs(90);

/// Connections that wait to be accepted: Linux's own upper limit, instead of the usual 128. One for which there is no room
/// waits a second and more.
const BACKLOG: u32 = 4096;

/// The wait after an `accept` that failed, for want of file descriptors for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that listens for events.
pub(crate) struct EventInvoke {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    signatures: Option<Signatures>,
}

impl EventInvoke {
    /// Listens on the addresses of `listen`.
    ///
    /// # Errors
    /// When an address cannot be had, or would let anyone call the function.
    pub(crate) async fn bind(settings: &Settings) -> Result<Self, String> {
        let wanted = settings.listen_addrs(Mode::EventInvoke);
        refuse_if_open(&wanted, settings)?;
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for address in wanted {
            let bound = listen(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
            let (address, listener) = bound.map_err(|error| {
                format!("listen: cannot listen on {address}: {error}; choose another address with WSFN_LISTEN")
            })?;
            listeners.push(listener);
            addresses.push(address);
        }
        Ok(Self {
            listeners,
            addresses,
            // In SCF it is the platform that connects, and what comes through a function URL is signed inside.
            signatures: (!settings.in_scf)
                .then(|| Signatures::new(&settings.secret))
                .flatten(),
        })
    }

    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Answers events until `shutdown` is ready, then those that are being answered, for `drain` at most.
    pub(crate) async fn serve<A: Answers>(
        self,
        answers: Arc<A>,
        handlers: &Handlers,
        limits: Limits,
        shutdown: impl Future<Output = ()>,
    ) {
        let mut shutdown = pin!(shutdown);
        let graceful = GracefulShutdown::new();
        let context = Arc::new(request::Shared {
            answers,
            handlers: handlers.handle(),
            environment: Environment::from_process(),
            limits,
            signatures: self.signatures,
        });
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                accepted = accept(&self.listeners) => accepted,
            };
            let stream = match accepted {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // Answers are small and must not wait for more; without it they merely do.
            stream.set_nodelay(true).ok();
            let context = Arc::clone(&context);
            let service = service_fn(move |request| request::answer(request, Arc::clone(&context)));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!("a connection to event-invoke broke: {error}");
                }
            });
        }
        drop(self.listeners);
        if tokio::time::timeout(limits.drain, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some events were not answered within drain");
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// An event that does not say how long it may take.
    pub(crate) timeout: Duration,
    /// From the first to the last byte of an event; [`BODY_TIMEOUT`] but in tests.
    pub(crate) body: Duration,
    /// The events that are being answered when the process is asked to end.
    pub(crate) drain: Duration,
}

/// Listens as the gateway does, so that the connects of all its clients at once find room.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On Windows it would let another process take the address.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Whoever reaches the port calls the function, unless calls are signed.
fn refuse_if_open(wanted: &[SocketAddr], settings: &Settings) -> Result<(), String> {
    if settings.insecure.invoke_unsigned || !settings.secret.is_empty() {
        return Ok(());
    }
    // In SCF only the platform reaches the port.
    if settings.in_scf {
        return Ok(());
    }
    match wanted.iter().find(|address| !address.ip().is_loopback()) {
        None => Ok(()),
        Some(address) => Err(format!(
            "listen: {address} is reachable from elsewhere, and whoever reaches it calls the function; set a \
             secret, listen on 127.0.0.1, or accept it with WSFN_INSECURE=invoke-unsigned"
        )),
    }
}

/// The next connection to any of the listeners.
async fn accept(listeners: &[TcpListener]) -> io::Result<tokio::net::TcpStream> {
    std::future::poll_fn(|context| {
        for listener in listeners {
            if let std::task::Poll::Ready(accepted) = listener.poll_accept(context) {
                return std::task::Poll::Ready(accepted.map(|(stream, _)| stream));
            }
        }
        std::task::Poll::Pending
    })
    .await
}
