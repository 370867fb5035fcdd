//! The push endpoint: where functions that live elsewhere push to, over HTTP.
//!
//! `POST {push-path}` with the JSON of a push (Tencent Cloud, document 583/31438, and the additions of our gateway)
//! is answered with `{"errNo":…,"errMsg":…}` and the HTTP status that belongs to the number. A token stands behind
//! the path, `POST {push-path}/<token>`, since functions written for Tencent's gateway cannot send a header, or in
//! `Authorization: Bearer <token>`.

mod access;
mod answer;
mod body;
mod service;
mod tokens;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use wsfn_protocol::{Answer, Request};
use wsfn_settings::Settings;

pub use self::tokens::PushTokens;

use self::service::Service;
use crate::counters::Counters;
use crate::http_server::HttpServer;
use crate::hub::Handle;
use crate::tls::{Certificate, CertificateError};

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
    server: HttpServer,
}

impl PushEndpoint {
    /// Listens on the addresses of `push-listen`; where that is off, the endpoint serves nobody. Beyond loopback it speaks
    /// TLS where there is a certificate.
    ///
    /// # Errors
    /// When an address cannot be listened on, one is not loopback and there is no `push-token`, or the certificate
    /// cannot be used.
    pub async fn bind(act: impl Act, settings: &Settings) -> Result<Self, BindError> {
        let certificate = Certificate::from_settings(settings)
            .map_err(|error| BindError(Reason::Certificate(error)))?;
        Self::bind_with(act, settings, certificate.as_ref(), Arc::default()).await
    }

    /// The same, with a certificate that is read already, and counters.
    pub(crate) async fn bind_with(
        act: impl Act,
        settings: &Settings,
        certificate: Option<&Certificate>,
        counters: Arc<Counters>,
    ) -> Result<Self, BindError> {
        let wanted = settings.push_listen.iter().flatten().copied();
        let is_open = |addr: &SocketAddr| !addr.ip().to_canonical().is_loopback();
        if let (true, Some(addr)) = (settings.push_token.is_empty(), wanted.clone().find(is_open)) {
            return Err(BindError(Reason::NoToken { addr }));
        }
        let wanted = wanted.map(|addr| {
            let certificate = certificate.filter(|_| settings.pushes_over_tls(addr));
            (addr, certificate.cloned())
        });
        let wanted = wanted.collect();
        let server = HttpServer::bind(wanted, settings, Arc::clone(&counters)).await;
        let server = server.map_err(|(addr, error)| BindError(Reason::Io { addr, error }))?;
        Ok(Self {
            service: Arc::new(Service::new(Arc::new(act), settings, counters)),
            server,
        })
    }

    /// The tokens with which one may push: to have others put in their place.
    #[must_use]
    pub fn tokens(&self) -> PushTokens {
        self.service.tokens().clone()
    }

    /// Where it listens, with the ports that the system gave.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        self.server.local_addrs()
    }

    /// Serves pushes until `shutdown` is ready. Then no connection is accepted any more, requests that have begun
    /// are answered for up to `close-timeout`, and what is left is cut.
    ///
    /// # Cancel safety
    /// Dropping the future closes every connection at once.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        for addr in self.local_addrs() {
            tracing::info!(%addr, "pushes are taken here");
        }
        self.server.serve(self.service, shutdown).await;
    }
}

impl fmt::Debug for PushEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEndpoint")
            .field("addrs", &self.local_addrs())
            .finish_non_exhaustive()
    }
}

/// Why the push endpoint cannot listen.
#[derive(Debug)]
pub struct BindError(Reason);

#[derive(Debug)]
enum Reason {
    Io { addr: SocketAddr, error: io::Error },
    NoToken { addr: SocketAddr },
    Certificate(CertificateError),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Io { addr, error } if error.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "push-listen: {addr} is in use; set push-listen to another port"
                )
            }
            Reason::Io { addr, error } => {
                write!(f, "push-listen: cannot listen on {addr}: {error}")
            }
            Reason::NoToken { addr } => {
                write!(f, "push-listen: {addr} is not loopback; set a push-token")
            }
            Reason::Certificate(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Io { error, .. } => Some(error),
            Reason::NoToken { .. } => None,
            Reason::Certificate(error) => error.source(),
        }
    }
}
