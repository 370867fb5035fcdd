//! What is wrong with a certificate.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a certificate and its key cannot be used. The text names the setting, the file and what is wrong.
#[derive(Debug)]
pub struct CertificateError {
    setting: &'static str,
    file: PathBuf,
    why: Why,
}

#[derive(Debug)]
pub(super) enum Why {
    #[cfg_attr(feature = "tls", expect(dead_code, reason = "only without it"))]
    NoFeature,
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only with it"))]
    Unreadable(io::Error),
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only with it"))]
    Unusable(String),
}

impl CertificateError {
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only with it"))]
    pub(super) const fn new(setting: &'static str, file: PathBuf, why: Why) -> Self {
        Self { setting, file, why }
    }

    #[cfg(not(feature = "tls"))]
    pub(super) const fn no_feature() -> Self {
        Self {
            setting: "tls-cert",
            file: PathBuf::new(),
            why: Why::NoFeature,
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, file, why } = self;
        let file = file.display();
        match why {
            Why::NoFeature => write!(
                f,
                "{setting}: this program speaks no TLS (feature `tls` of the crate wsfn)"
            ),
            Why::Unreadable(error) => write!(f, "{setting}: {file} cannot be read: {error}"),
            Why::Unusable(why) => write!(f, "{setting}: {file} {why}"),
        }
    }
}

impl std::error::Error for CertificateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            Why::Unreadable(error) => Some(error),
            Why::NoFeature | Why::Unusable(_) => None,
        }
    }
}
