//! Where functions live.

use std::fmt;

use super::{HttpUrl, ScfName};

/// Where a function lives, as `--function` names it.
///
/// ```
/// use wsfn_settings::FunctionAddr;
/// let function = FunctionAddr::parse("http://127.0.0.1:9000/event-invoke")?;
/// assert_eq!(function.to_string(), "http://127.0.0.1:9000/…");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FunctionAddr {
    /// `http://…` or `https://…`: each event is POSTed to it.
    Http(HttpUrl),
    /// `exec:COMMAND`: the command is started, and takes events from SCF's runtime API. Program and arguments, split as
    /// a shell splits words; no shell is involved. There is at least the program.
    Exec(Vec<String>),
    /// `scf:REGION/NAMESPACE/NAME[:QUALIFIER]`: a function deployed in SCF, which is called through Tencent's API.
    Scf(ScfName),
}

const EXPECTED: &str =
    "expected http(s)://HOST:PORT/PATH, exec:COMMAND or scf:REGION/NAMESPACE/NAME";

impl FunctionAddr {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is of no kind that is known. The text never repeats the address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or_default();
        match kind.to_ascii_lowercase().as_str() {
            "http" | "https" => HttpUrl::parse(text).map(Self::Http),
            "exec" => match shlex::split(rest) {
                Some(words) if !words.is_empty() => Ok(Self::Exec(words)),
                Some(_) => Err("expected a command behind exec:".into()),
                None => Err("expected a command whose quotes are closed".into()),
            },
            "scf" => ScfName::parse(rest).map(Self::Scf),
            _ => Err(EXPECTED.into()),
        }
    }
}

/// Without what may be a secret.
impl fmt::Display for FunctionAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => url.fmt(f),
            Self::Scf(name) => name.fmt(f),
            Self::Exec(words) => {
                let program = words.first().map_or("", String::as_str);
                let more = if words.len() > 1 { " …" } else { "" };
                write!(f, "exec:{program}{more}")
            }
        }
    }
}

impl fmt::Debug for FunctionAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FunctionAddr({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words_and_only_its_program_is_shown() {
        let function = FunctionAddr::parse("exec:python3 bootstrap.py --key 's3cr3t and more'");
        let function = function.expect("a command");
        assert_eq!(function.to_string(), "exec:python3 …");
        let words = ["python3", "bootstrap.py", "--key", "s3cr3t and more"];
        assert_eq!(
            function,
            FunctionAddr::Exec(words.map(String::from).to_vec())
        );
    }

    #[test]
    fn other_kinds_are_named_and_nothing_is_repeated() {
        for (text, named) in [
            ("exec:", "a command"),
            ("exec:s3cr3t 'x", "quotes"),
            ("scf:ap-guangzhou/s3cr3t", "expected scf:REGION"),
            ("ftp://h/s3cr3t", "expected http(s)://"),
            ("s3cr3t", "expected http(s)://"),
            ("http://", "expected a host"),
            ("https:///s3cr3t", "expected a host"),
        ] {
            let error = FunctionAddr::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
            assert!(!error.contains("s3cr3t"), "{text}: {error}");
        }
    }
}
