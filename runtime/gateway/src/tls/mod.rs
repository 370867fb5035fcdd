//! TLS: the certificate of the listeners, the sessions of their clients, and which functions are believed.

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(feature = "tls")]
mod certificate;
#[cfg(feature = "tls")]
mod client;
mod error;
#[cfg(feature = "tls")]
mod session;

#[cfg(not(feature = "tls"))]
pub use absent::Certificate;
#[cfg(feature = "tls")]
pub use certificate::Certificate;
#[cfg(feature = "tls")]
pub(crate) use client::client;
pub use error::CertificateError;
#[cfg(feature = "tls")]
pub(crate) use session::Session;

/// The one library of ciphers, given to whoever needs it: which one a process has by default is not ours to decide.
#[cfg(feature = "tls")]
fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
