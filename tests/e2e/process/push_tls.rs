//! Pushes to an `https://` address, against a server with a certificate of its own (feature `push-tls`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::event_invoke::ask;
use super::{OK, message, misbehave};

pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new([]).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
}

/// A server's side of TLS, with a certificate for this name.
pub(super) fn server(authority: &Authority, name: &str) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, authority).expect("signed");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

/// Where a program is told to find whom it trusts.
pub(super) fn trusted(name: &str, authority: &Authority) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
    std::fs::write(&file, authority.pem()).expect("written");
    file
}

/// Has a program push to `url` while it trusts `roots`; what it logs.
async fn push(url: &str, roots: &Path) -> String {
    let address = Example::free_address();
    let environment = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", url),
        ("SSL_CERT_FILE", roots.to_str().expect("a path")),
        ("SSL_CERT_DIR", ""),
    ];
    let mut process = Example::listening(misbehave(), &address, &environment);
    assert_eq!(ask(&address, "", &message("secret")).await, OK);
    process.terminate();
    process.ended().1.join("\n")
}

#[tokio::test]
async fn a_server_whose_certificate_is_trusted_gets_the_push() {
    let ours = authority("ours");
    let tls = server(&ours, "127.0.0.1");
    let gateway = PushServer::start_tls(tls, PushAnswer::ok()).await;
    let lines = push(&gateway.url("/api-abc"), &trusted("ours", &ours)).await;
    assert!(!lines.contains("did not reach"), "{lines}");
    assert_eq!(gateway.bodies().len(), 1, "{lines}");
    assert!(gateway.bodies()[0].contains(r#""data":"secret""#));
}

#[tokio::test]
async fn any_other_server_gets_nothing() {
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    let roots = trusted("theirs", &theirs);
    for (tls, why) in [
        // Signed by somebody else, then for somebody else.
        (server(&ours, "127.0.0.1"), "UnknownIssuer"),
        (server(&theirs, "gateway.test"), "not valid for name"),
    ] {
        let gateway = PushServer::start_tls(tls, PushAnswer::ok()).await;
        let lines = push(&gateway.url("/api-abc"), &roots).await;
        assert!(
            lines.contains("did not reach its client") && lines.contains(why),
            "{why}: {lines}"
        );
        assert_eq!(gateway.bodies(), [] as [String; 0], "{why}");
    }
    // One that speaks no TLS at all.
    let gateway = PushServer::start(PushAnswer::ok()).await;
    let url = gateway.url("/api-abc").replace("http://", "https://");
    let lines = push(&url, &roots).await;
    assert!(lines.contains("did not reach its client"), "{lines}");
    assert_eq!(gateway.bodies(), [] as [String; 0]);
}

#[test]
fn without_any_authority_to_trust_it_does_not_start() {
    let environment = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", "https://127.0.0.1:1/api-s3cr3t"),
        ("SSL_CERT_FILE", "/nowhere"),
        ("SSL_CERT_DIR", "/nowhere"),
    ];
    let mut process = Example::spawn(misbehave(), &Example::free_address(), &environment);
    let (status, lines) = process.ended();
    assert_eq!(status.code(), Some(1), "{lines:#?}");
    let lines = lines.join("\n");
    assert!(
        lines.contains("SSL_CERT_FILE") && !lines.contains("s3cr3t"),
        "{lines}"
    );
}
