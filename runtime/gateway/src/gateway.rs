//! The listening side.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use wsfn_settings::{Mode, Settings};

use crate::hub::Handle;
use crate::invoke::Invoke;

/// A gateway that listens.
pub struct Gateway {
    handle: Handle,
    invoke: Arc<dyn Invoke>,
    page: Option<Cow<'static, str>>,
    listeners: Vec<TcpListener>,
    addrs: Vec<SocketAddr>,
}

impl Gateway {
    /// Listens on the addresses of `listen`; clients are accepted once [`Gateway::serve`] runs. `page` is what a
    /// plain `GET /` gets.
    ///
    /// # Errors
    /// When an address cannot be listened on.
    pub async fn bind(
        handle: Handle,
        settings: &Settings,
        invoke: Arc<dyn Invoke>,
        page: Option<Cow<'static, str>>,
    ) -> Result<Self, BindError> {
        let mut listeners = Vec::new();
        let mut addrs = Vec::new();
        for addr in settings.listen_addrs(Mode::Gateway) {
            let error = |error| BindError { addr, error };
            let listener = TcpListener::bind(addr).await.map_err(error)?;
            addrs.push(listener.local_addr().map_err(error)?);
            listeners.push(listener);
        }
        Ok(Self {
            handle,
            invoke,
            page,
            listeners,
            addrs,
        })
    }

    /// Where it listens, with the ports that the system gave.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Serves clients until `shutdown` is ready, then closes them with 1001, spread over `drain`, and returns.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) {
        let _ = (&self.handle, &self.invoke, &self.page, &self.listeners);
        shutdown.await;
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
pub struct BindError {
    addr: SocketAddr,
    error: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "listen: cannot listen on {}: {}; choose another address with WSFN_LISTEN",
            self.addr, self.error
        )
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
