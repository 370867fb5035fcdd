//! Where functions live.

use std::fmt;

use super::HttpUrl;

/// Where a function lives, as `--function` names it.
///
/// ```
/// use wsfn_settings::FunctionAddr;
/// let function = FunctionAddr::parse("http://127.0.0.1:9000/event-invoke")?;
/// assert_eq!(function.to_string(), "http://127.0.0.1:9000/…");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FunctionAddr {
    /// `http://…`: each event is POSTed to it.
    Http(HttpUrl),
}

impl FunctionAddr {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is of no kind that is known, or one that is not served yet. The text never repeats the address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, _) = text.split_once(':').unwrap_or_default();
        match kind.to_ascii_lowercase().as_str() {
            "http" => HttpUrl::parse(text).map(Self::Http),
            later @ ("https" | "exec" | "scf") => Err(format!(
                "`{later}:` is known, but not served yet; expected http://HOST:PORT/PATH"
            )),
            _ => Err("expected http://HOST:PORT/PATH".into()),
        }
    }
}

/// Without what may be a secret.
impl fmt::Display for FunctionAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_are_named_and_nothing_is_repeated() {
        for (text, named) in [
            ("https://h/s3cr3t", "`https:`"),
            ("exec:python3 s3cr3t", "`exec:`"),
            ("scf:ap-guangzhou/default/s3cr3t", "`scf:`"),
            ("ftp://h/s3cr3t", "expected http://"),
            ("s3cr3t", "expected http://"),
            ("http://", "expected a host"),
        ] {
            let error = FunctionAddr::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
            assert!(!error.contains("s3cr3t"), "{text}: {error}");
        }
    }
}
