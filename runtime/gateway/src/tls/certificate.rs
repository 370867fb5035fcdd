//! The certificate of the listeners.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use wsfn_settings::Settings;

use super::error::Why;
use super::{CertificateError, Session};

const CERT: &str = "tls-cert";
const KEY: &str = "tls-key";

/// The most that is read of a file: chains have a few KiB, and a device is not read for ever.
const FILE_MAX: u64 = 1 << 20;

/// All that is spoken over our TLS. Without it a client that offers HTTP/2 would be let in and understand nothing.
const PROTOCOL: &[u8] = b"http/1.1";

/// The certificate of the listeners and its key, which can be read again while they are in use.
///
/// Clients resume their sessions by tickets that they keep themselves, so a million of them cost no memory here.
#[derive(Clone)]
pub struct Certificate {
    current: Arc<Current>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// The certificate that `tls-cert` and `tls-key` name, if they do. It reads files, without waiting for anything
    /// else.
    ///
    /// # Errors
    /// When a file cannot be read, holds no certificate or key, or the two do not belong together.
    pub fn from_settings(settings: &Settings) -> Result<Option<Self>, CertificateError> {
        let (Some(chain), Some(key)) = (&settings.tls_cert, &settings.tls_key) else {
            return Ok(None);
        };
        let current = Arc::new(Current::read(chain.clone(), key.clone())?);
        let unusable = |error: Error| {
            let why = Why::Unusable(format!("cannot be used: {error}"));
            CertificateError::new(CERT, chain.clone(), why)
        };
        let mut config = ServerConfig::builder_with_provider(super::provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = Ticketer::new().map_err(unusable)?;
        Ok(Some(Self {
            current,
            config: Arc::new(config),
        }))
    }

    /// Reads the files again; whoever connects from now on gets what is in them. It reads files, without waiting for
    /// anything else.
    ///
    /// # Errors
    /// As [`Certificate::from_settings`]; then everything stays as it was.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let new = read(&self.current.chain, &self.current.key)?;
        let mut current = self.current.pair.write();
        **current.as_mut().unwrap_or_else(PoisonError::get_mut) = new;
        Ok(())
    }

    /// A session with a client that has just connected.
    pub(crate) fn session(&self) -> io::Result<Session> {
        Session::new(Arc::clone(&self.config)).map_err(io::Error::other)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate")
            .field(&self.current.chain)
            .finish()
    }
}

/// What new sessions get.
struct Current {
    chain: PathBuf,
    key: PathBuf,
    pair: RwLock<Arc<CertifiedKey>>,
}

impl Current {
    fn read(chain: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let pair = RwLock::new(read(&chain, &key)?);
        Ok(Self { chain, key, pair })
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pair = self.pair.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&pair))
    }
}

/// Without the key.
impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.chain).finish()
    }
}

fn read(chain: &Path, key: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let unusable = |setting, file: &Path, why: String| {
        CertificateError::new(setting, file.to_owned(), Why::Unusable(why))
    };
    let text = text(CERT, chain)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(CERT, chain, not_pem(&error)))?;
    if certificates.is_empty() {
        let why = "holds no certificate; expected one in PEM, which begins with -----BEGIN CERTIFICATE-----";
        return Err(unusable(CERT, chain, why.to_owned()));
    }
    let text = self::text(KEY, key)?;
    let private = PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        let why = match error {
            pem::Error::NoItemsFound if contains(&text, b"ENCRYPTED PRIVATE KEY") => {
                "holds a key with a pass phrase, which nobody is there to type; write it without one".to_owned()
            }
            pem::Error::NoItemsFound => {
                "holds no key; expected one in PEM, which begins with -----BEGIN PRIVATE KEY-----".to_owned()
            }
            error => not_pem(&error),
        };
        unusable(KEY, key, why)
    })?;
    CertifiedKey::from_der(certificates, private, &super::provider())
        .map(Arc::new)
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                let why = format!(
                    "is not the key of the certificate in {}, which has to be the first there",
                    chain.display()
                );
                unusable(KEY, key, why)
            }
            Error::InvalidCertificate(error) => {
                unusable(CERT, chain, format!("holds no usable certificate: {error}"))
            }
            error => unusable(KEY, key, format!("holds no usable key: {error}")),
        })
}

fn text(setting: &'static str, file: &Path) -> Result<Vec<u8>, CertificateError> {
    let mut text = Vec::new();
    let read = File::open(file).and_then(|open| open.take(FILE_MAX + 1).read_to_end(&mut text));
    let why = match read {
        Ok(length) if length as u64 > FILE_MAX => {
            Why::Unusable(format!("is larger than {FILE_MAX} bytes"))
        }
        Ok(_) => return Ok(text),
        Err(error) => Why::Unreadable(error),
    };
    Err(CertificateError::new(setting, file.to_owned(), why))
}

fn not_pem(error: &pem::Error) -> String {
    format!("is no PEM file: {error}")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
