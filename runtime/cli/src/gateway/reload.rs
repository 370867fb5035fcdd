//! SIGHUP: what can be read again is.

use wsfn_gateway::Certificate;

/// Reads the certificate again at every SIGHUP, as long as the runtime lives. Settings are read at the start only.
#[cfg(unix)]
pub(super) fn at_hangup(certificate: Option<Certificate>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match certificate.as_ref().map(Certificate::reload) {
                Some(Ok(())) => tracing::info!(
                    "SIGHUP: the certificate is read again; settings are read at the start only"
                ),
                Some(Err(error)) => {
                    tracing::error!("SIGHUP: {error}; the certificate that was there before stays");
                }
                None => tracing::info!(
                    "SIGHUP: there is no certificate to read again; settings are read at the start only"
                ),
            }
        }
    });
    Ok(())
}

/// There is no SIGHUP.
#[cfg(not(unix))]
pub(super) fn at_hangup(_certificate: Option<Certificate>) -> std::io::Result<()> {
    Ok(())
}
