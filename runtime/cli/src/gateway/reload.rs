//! SIGHUP: what can be read again is.

use wsfn_gateway::{Certificate, Gateway};
use wsfn_settings::{Problems, Settings};

/// What a reload may change, and what it is compared with.
pub(super) struct Reload<R> {
    read: R,
    /// As they hold now.
    settings: Settings,
    certificate: Option<Certificate>,
    tokens: wsfn_gateway::push_endpoint::PushTokens,
}

impl<R: Fn() -> Result<Settings, Problems> + Send + 'static> Reload<R> {
    /// `read` reads the settings as they were read at the start.
    pub(super) fn new(gateway: &Gateway, settings: &Settings, read: R) -> Self {
        Self {
            read,
            settings: settings.clone(),
            certificate: gateway.certificate().cloned(),
            tokens: gateway.push_tokens(),
        }
    }

    /// Reads again at every SIGHUP, as long as the runtime lives.
    #[cfg(unix)]
    pub(super) fn at_hangup(mut self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};

        let mut hangups = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                self.reload();
            }
        });
        Ok(())
    }

    /// There is no SIGHUP.
    #[cfg(not(unix))]
    pub(super) fn at_hangup(self) -> std::io::Result<()> {
        Ok(())
    }

    fn reload(&mut self) {
        match self.certificate.as_ref().map(Certificate::reload) {
            Some(Ok(())) => tracing::info!("SIGHUP: the certificate is read again"),
            Some(Err(error)) => {
                tracing::error!("SIGHUP: {error}; the certificate that was there before stays");
            }
            None => tracing::info!("SIGHUP: there is no certificate to read again"),
        }
        let new = match (self.read)() {
            Ok(new) => new,
            Err(problems) => {
                for problem in problems.iter() {
                    tracing::error!("SIGHUP: {problem}; the settings that were there before stay");
                }
                return;
            }
        };
        let mut changed = self.settings.changed(&new);
        if changed.contains(&"push-token") && self.tokens.replace(&new.push_token) {
            tracing::info!("SIGHUP: push-token is read again");
            self.settings.push_token = new.push_token;
            changed.retain(|name| *name != "push-token");
        }
        if !changed.is_empty() {
            tracing::warn!(
                "SIGHUP: changed, and read at the start only, so restart for them: {}",
                changed.join(", ")
            );
        }
    }
}
