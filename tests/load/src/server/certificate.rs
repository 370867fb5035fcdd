//! A certificate that a server shows, made on the spot.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::Folder;

/// Files of a certificate for 127.0.0.1, and what trusts it.
pub(crate) struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
    pub(crate) trust: Arc<TlsConnector>,
}

impl Certificate {
    pub(crate) fn make(folder: &Folder) -> Result<Self> {
        let mut params = CertificateParams::new([])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(["127.0.0.1".to_owned()])?;
        let certificate = params.signed_by(&key, &authority)?;
        let write = |name: &str, text: String| -> Result<String> {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            Ok(path.to_string_lossy().into_owned())
        };
        Ok(Self {
            chain: write("chain.pem", certificate.pem())?,
            key: write("key.pem", key.serialize_pem())?,
            trust: trust(authority.der().clone())?,
        })
    }

    /// What trusts the certificates in a file.
    pub(crate) fn trust_file(file: &Path) -> Result<Arc<TlsConnector>> {
        let shown = file.display();
        let certificate = CertificateDer::from_pem_file(file);
        trust(certificate.with_context(|| format!("{shown} is no certificate"))?)
    }
}

fn trust(authority: CertificateDer<'static>) -> Result<Arc<TlsConnector>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(TlsConnector::from(Arc::new(config))))
}
