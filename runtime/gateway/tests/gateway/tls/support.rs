//! Certificates, and clients that trust them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio_tungstenite::WebSocketStream;
use wsfn_settings::Settings;

use crate::support::{SOON, Server, handshake, read_head};

/// The name that certificates here are made out to.
pub(crate) const NAME: &str = "gateway.test";

pub(crate) type Raw = TlsStream<TcpStream>;
pub(crate) type Client = WebSocketStream<Raw>;

pub(crate) const BOTH: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// Somebody who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// Where a certificate and its key are.
pub(crate) struct Files {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for [`NAME`], in PEM with its key.
    pub(crate) fn certificate(&self) -> (String, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([NAME.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key)
    }

    /// The same, in files.
    pub(crate) fn files(&self) -> Files {
        let (certificate, key) = self.certificate();
        Files {
            chain: file("chain", &certificate),
            key: file("key", &key.serialize_pem()),
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        let Files { chain, key } = self.files();
        Settings {
            tls_cert: Some(chain),
            tls_key: Some(key),
            ..Settings::default()
        }
    }

    /// What a client has that trusts this one alone.
    pub(crate) fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// A file of this test run, which no other test has.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{}-{count}-{name}.pem", std::process::id());
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// TLS over a stream that is connected.
pub(crate) async fn over<S>(
    stream: S,
    config: impl Into<Arc<ClientConfig>>,
) -> std::io::Result<TlsStream<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let connecting = TlsConnector::from(config.into()).connect(NAME.try_into().unwrap(), stream);
    tokio::time::timeout(SOON, connecting).await.unwrap()
}

/// TLS and nothing more.
pub(crate) async fn secured(
    server: &Server,
    config: impl Into<Arc<ClientConfig>>,
) -> std::io::Result<Raw> {
    over(TcpStream::connect(server.addr).await.unwrap(), config).await
}

/// A client by hand, after its handshakes.
pub(crate) async fn raw(server: &Server, config: impl Into<Arc<ClientConfig>>) -> Raw {
    use tokio::io::AsyncWriteExt as _;

    let mut stream = secured(server, config).await.unwrap();
    let request = handshake(server.addr, "");
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// A WebSocket client that somebody else wrote.
pub(crate) async fn connect(server: &Server, config: impl Into<Arc<ClientConfig>>) -> Client {
    let stream = secured(server, config).await.unwrap();
    let url = format!("wss://{}/", server.addr);
    tokio_tungstenite::client_async(url, stream)
        .await
        .unwrap()
        .0
}
