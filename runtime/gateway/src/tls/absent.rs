//! What stands for a certificate in a program without the feature `tls`.

use std::convert::Infallible;

use wsfn_settings::Settings;

use super::CertificateError;

/// The certificate of the listeners, of which there is none without the feature `tls`.
#[derive(Debug, Clone)]
pub struct Certificate(Infallible);

impl Certificate {
    /// Nothing, where no certificate is set.
    ///
    /// # Errors
    /// When one is set: this program speaks no TLS.
    pub fn from_settings(settings: &Settings) -> Result<Option<Self>, CertificateError> {
        match &settings.tls_cert {
            Some(_) => Err(CertificateError::no_feature()),
            None => Ok(None),
        }
    }

    /// Reads the files again.
    ///
    /// # Errors
    /// Never: there is none to call it on.
    pub fn reload(&self) -> Result<(), CertificateError> {
        self.never()
    }

    /// It cannot be there.
    pub(crate) fn never(&self) -> ! {
        match self.0 {}
    }
}
