//! The side of TLS that calls functions.

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// How functions are called: those over TLS, which `secure` stands for, have to show a certificate that the system
/// trusts. Where a system keeps its authorities in files, `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
///
/// # Errors
/// When the system trusts nobody.
pub(crate) fn client(secure: bool) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(super::provider())
        .with_safe_default_protocol_versions()?;
    let builder = if secure {
        builder.with_platform_verifier()?
    } else {
        // Nobody asks it: so it trusts nobody, and no file is read for it.
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}
