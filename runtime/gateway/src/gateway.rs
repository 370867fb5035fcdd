//! The listening side.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use wsfn_settings::{Mode, Settings};

use crate::admin::AdminEndpoint;
use crate::codec::close::LINGER_TIME;
use crate::connection::{self, Origin};
use crate::hub::Handle;
use crate::hub::outbound::Gate;
use crate::invoke::Invoke;
use crate::journal;
use crate::listen::listen;
use crate::push_endpoint::{self, PushEndpoint, PushTokens};
use crate::service::Services;
use crate::shared::Shared;
use crate::socket::Listener;
use crate::tls::{Certificate, CertificateError};

/// What a loopback listener serves where the app has no page.
const BUILTIN_PAGE: &str = include_str!("builtin.html");
/// Between two closes of a shutdown, where that does not take longer than `drain`: a handful of connections is not
/// made to wait, and thousands do not come back at once.
const DRAIN_STEP: Duration = Duration::from_millis(10);
/// The pause after an accept that failed: out of file descriptors, most likely, and some are freed meanwhile.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A gateway that listens.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use wsfn_gateway::{BoxFuture, Call, Gateway, Handle, Invoke, InvokeAnswer, InvokeError};
/// # use wsfn_settings::{Settings, Sources};
/// # struct Echo;
/// # impl Invoke for Echo {
/// #     fn invoke<'a>(&'a self, _: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
/// #         Box::pin(async { Ok(InvokeAnswer::ok()) })
/// #     }
/// # }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings::load(&Sources::from_process())?;
/// let handle = Handle::new(&settings);
/// let gateway = Gateway::bind(handle, &settings, Arc::new(Echo), None).await?;
/// println!("{:?}", gateway.local_addrs());
/// gateway.serve(std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
pub struct Gateway {
    shared: Arc<Shared>,
    listeners: Vec<(Listener, bool)>,
    addrs: Vec<SocketAddr>,
    pushes: PushEndpoint,
    admin: AdminEndpoint,
    certificate: Option<Certificate>,
    drain: Duration,
}

impl Gateway {
    /// Listens on the addresses of `listen`, and for pushes on those of `push-listen`; clients are accepted once
    /// [`Gateway::serve`] runs. `page` is what a plain `GET /` gets; without one a loopback listener has a page of its
    /// own, and any other answers 426.
    ///
    /// # Errors
    /// When an address cannot be listened on, one for pushes beyond loopback has no `push-token`, or the certificate
    /// cannot be used.
    ///
    /// # Cancel safety
    /// When dropped before it ends, nothing listens.
    pub async fn bind(
        handle: Handle,
        settings: &Settings,
        invoke: Arc<dyn Invoke>,
        page: Option<Cow<'static, str>>,
    ) -> Result<Self, BindError> {
        Self::bind_services(handle, settings, Services::one(settings, invoke), page).await
    }

    /// The same for several services. Commands that are functions are started once [`Gateway::serve`] runs.
    ///
    /// # Errors
    /// As [`Gateway::bind`].
    pub async fn bind_services(
        handle: Handle,
        settings: &Settings,
        services: Services,
        page: Option<Cow<'static, str>>,
    ) -> Result<Self, BindError> {
        let certificate = Certificate::from_settings(settings)
            .map_err(|error| BindError(Reason::Certificate(error)))?;
        let mut listeners = Vec::new();
        let mut addrs = Vec::new();
        for addr in settings.listen_addrs(Mode::Gateway) {
            let failed = |error| BindError(Reason::Clients { addr, error });
            let listener = match listen(addr) {
                Ok(listener) => listener,
                // The second of the defaults, which a machine without IPv6 cannot have.
                Err(error)
                    if settings.listen.is_none()
                        && addr.is_ipv6()
                        && error.kind() != io::ErrorKind::AddrInUse =>
                {
                    tracing::debug!(%addr, %error, "not listening there");
                    continue;
                }
                Err(error) => return Err(failed(error)),
            };
            addrs.push(listener.local_addr().map_err(failed)?);
            listeners.push((
                Listener::new(listener, certificate.clone()),
                addr.ip().to_canonical().is_loopback(),
            ));
        }
        let counters = Arc::clone(handle.hub().counters());
        let pushes = PushEndpoint::bind_with(
            handle.clone(),
            settings,
            certificate.as_ref(),
            Arc::clone(&counters),
        )
        .await
        .map_err(|error| BindError(Reason::Pushes(error)))?;
        let admin = AdminEndpoint::bind(settings, counters)
            .await
            .map_err(|error| BindError(Reason::Admin(error)))?;
        let shared = shared(&handle, settings, services, page);
        Ok(Self {
            shared,
            listeners,
            addrs,
            pushes,
            admin,
            certificate,
            drain: settings.drain,
        })
    }

    /// A gateway for clients in this process, which the dialer connects: no port, and no endpoint for pushes.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    pub async fn in_memory(
        handle: Handle,
        settings: &Settings,
        invoke: Arc<dyn Invoke>,
        page: Option<Cow<'static, str>>,
    ) -> Result<(Self, crate::testing::Dialer), BindError> {
        let (listener, dialer) = crate::socket::memory::Listener::new();
        let services = Services::one(settings, invoke);
        let shared = shared(&handle, settings, services, page);
        let nowhere = Settings {
            push_listen: None,
            admin_listen: None,
            ..settings.clone()
        };
        let pushes = PushEndpoint::bind_with(handle, &nowhere, None, Arc::default())
            .await
            .map_err(|error| BindError(Reason::Pushes(error)))?;
        let admin = AdminEndpoint::bind(&nowhere, Arc::default())
            .await
            .map_err(|error| BindError(Reason::Admin(error)))?;
        let gateway = Self {
            shared,
            listeners: vec![(Listener::Memory(listener), true)],
            addrs: Vec::new(),
            pushes,
            admin,
            certificate: None,
            drain: settings.drain,
        };
        Ok((gateway, dialer))
    }

    /// Where it listens, with the ports that the system gave.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Where it listens for pushes; nowhere unless `push-listen` is set.
    #[must_use]
    pub fn push_addrs(&self) -> &[SocketAddr] {
        self.pushes.local_addrs()
    }

    /// Where it answers whoever runs it; nowhere unless `admin-listen` is set.
    #[must_use]
    pub fn admin_addrs(&self) -> &[SocketAddr] {
        self.admin.local_addrs()
    }

    /// The tokens with which one may push: to have others put in their place.
    #[must_use]
    pub fn push_tokens(&self) -> PushTokens {
        self.pushes.tokens()
    }

    /// The certificate of its listeners, where there is one: to have it read again when its files are new.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Serves clients until `shutdown` is ready. Then nobody new is accepted, handshakes are answered with 503,
    /// connections are closed with 1001, spread over `drain` when they are many, and their close events are sent. What
    /// is not answered by then stays in the journal, where there is one, for the next start.
    ///
    /// # Cancel safety
    /// Dropping the future stops accepting, cuts the push endpoint, and closes nothing else: open connections live on as
    /// tasks of the runtime, without the future. A runtime that ends drops them where they are. Then their sockets close
    /// without a close frame, handlers stop at their awaits, close events are not sent (the next start sends them, where
    /// there is a journal), and the [`Handle`] forgets them: nothing stays registered, queued or counted.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        let Self {
            shared,
            listeners,
            pushes,
            drain,
            admin,
            ..
        } = self;
        shared.services.start();
        if let Some(journal) = shared.hub.journal() {
            journal.start();
        }
        // Functions push while connections end, so this one ends last. In a set, so that it goes when this future
        // is dropped.
        let (all_done, done) = oneshot::channel::<()>();
        let mut endpoint = tokio::task::JoinSet::new();
        endpoint.spawn(pushes.serve(async {
            // An error is a sender that is gone, which is the end too.
            let _ = done.await;
        }));
        let (admin_done, no_admin) = oneshot::channel::<()>();
        endpoint.spawn(admin.serve(Arc::clone(&shared), async {
            let _ = no_admin.await;
        }));
        // Every connection's task holds a sender; when the last is gone, so are they all.
        let (alive, mut all_gone) = mpsc::channel::<()>(1);
        let mut acceptors = tokio::task::JoinSet::new();
        for (listener, loopback) in listeners {
            acceptors.spawn(accept(shared.clone(), listener, loopback, alive.clone()));
        }
        let mut replaying = tokio::task::JoinSet::new();
        let replay = journal::replay(Arc::clone(&shared));
        replaying.spawn(async move {
            replay.await;
            drop(alive);
        });
        shutdown.await;
        shared.begin_drain();
        acceptors.shutdown().await;
        let started = Instant::now();
        close_all(&shared, drain).await;
        let rest =
            drain.saturating_sub(started.elapsed()) + shared.services.close_timeout() + LINGER_TIME;
        if tokio::time::timeout(rest, all_gone.recv()).await.is_err() {
            tracing::warn!(
                connections = shared.hub.all().len(),
                "connections are given up: their calls or close events did not end within drain and close-timeout"
            );
        }
        if let Some(journal) = shared.hub.journal() {
            journal.flush().await;
        }
        drop(all_done);
        drop(admin_done);
        while endpoint.join_next().await.is_some() {}
    }
}

fn shared(
    handle: &Handle,
    settings: &Settings,
    services: Services,
    page: Option<Cow<'static, str>>,
) -> Arc<Shared> {
    let page = page.map(|page| match page {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    });
    let services = match handle.hub().journal() {
        Some(_) => services.with_journal(),
        None => services,
    };
    Arc::new(Shared::new(
        settings,
        services,
        handle.hub().clone(),
        page,
        Bytes::from_static(BUILTIN_PAGE.as_bytes()),
    ))
}

async fn accept(
    shared: Arc<Shared>,
    mut listener: Listener,
    loopback: bool,
    alive: mpsc::Sender<()>,
) {
    loop {
        let (socket, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                if shared.warns_first("accept failed") {
                    tracing::error!(%error, "a connection cannot be accepted; is the limit on open files too low?");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let origin = Origin { client, loopback };
        // Taken here and not by the task: many sockets may be accepted before the first task runs. Neither semaphore is
        // ever closed.
        let place = tokio::select! {
            biased;
            place = shared.connections.clone().acquire_owned() => place.map_err(Err),
            refusal = shared.refusals.clone().acquire_owned() => Err(refusal),
        };
        let (shared, alive) = (shared.clone(), alive.clone());
        tokio::spawn(async move {
            match place {
                Ok(place) => connection::serve(shared, socket, origin, place).await,
                Err(refusal) => {
                    // Boxed, or every task would keep room for it.
                    Box::pin(connection::refuse(&shared, socket)).await;
                    drop(refusal);
                }
            }
            drop(alive);
        });
    }
}

/// Asks every connection to end: those that register at once, the open ones one after another.
async fn close_all(shared: &Shared, drain: Duration) {
    let mut open = Vec::new();
    for peer in shared.hub.all() {
        let gate = peer.out().gate;
        match gate {
            Gate::Held => peer.out().ask_shutdown(),
            Gate::Open => open.push(peer),
            Gate::Last | Gate::Sealed => {}
        }
    }
    let count = u32::try_from(open.len().max(1)).unwrap_or(u32::MAX);
    let step = DRAIN_STEP.min(drain / count);
    let started = Instant::now();
    for (at, peer) in (0u32..).zip(open) {
        tokio::time::sleep_until(started + step * at).await;
        peer.out().ask_shutdown();
    }
    // Who had just passed the check when the list was made.
    for peer in shared.hub.all() {
        let mut out = peer.out();
        if matches!(out.gate, Gate::Held | Gate::Open) {
            out.ask_shutdown();
        }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("addrs", &self.addrs)
            .finish_non_exhaustive()
    }
}

/// Why an address cannot be listened on.
#[derive(Debug)]
pub struct BindError(Reason);

#[derive(Debug)]
enum Reason {
    Clients { addr: SocketAddr, error: io::Error },
    Pushes(push_endpoint::BindError),
    Admin(crate::admin::BindError),
    Certificate(CertificateError),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Clients { addr, error } => write!(
                f,
                "listen: cannot listen on {addr}: {error}; choose another address with WSFN_LISTEN"
            ),
            Reason::Pushes(error) => error.fmt(f),
            Reason::Admin(error) => error.fmt(f),
            Reason::Certificate(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Clients { error, .. } => Some(error),
            Reason::Pushes(error) => error.source(),
            Reason::Admin(error) => error.source(),
            Reason::Certificate(error) => error.source(),
        }
    }
}
