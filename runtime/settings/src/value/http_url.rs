//! Addresses that requests go to.

use std::fmt;
use std::net::IpAddr;

/// An `http` or `https` address, of a push endpoint or a function. Its path may hold a token, so `Debug` and `Display` show scheme and host only and
/// [`HttpUrl::expose`] gives the whole.
///
/// ```
/// use wsfn_settings::HttpUrl;
/// let url = HttpUrl::parse("http://set-x_y.example:8080/api-wsfn/s3cr3t")?;
/// assert_eq!(url.to_string(), "http://set-x_y.example:8080/…");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    whole: String,
    /// Where scheme, host and port end.
    origin_end: usize,
}

impl HttpUrl {
    /// Reads an address. The host is hardly looked at: the hosts of Tencent's gateways contain `_`, which a strict
    /// check refuses.
    ///
    /// # Errors
    /// When it is no `http` or `https` address, or has a user, a fragment or characters that no address has. The
    /// text never repeats the address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest =
            strip_scheme(text).ok_or("expected an address that begins with http:// or https://")?;
        let scheme = text.len() - rest.len();
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "expected an address without spaces, control or non-ASCII characters".into(),
            );
        }
        let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(host_end);
        if authority.contains('@') {
            return Err(
                "expected an address without a user name; a token stands as the last path segment"
                    .into(),
            );
        }
        if path.contains('#') {
            return Err("expected an address without a `#`".into());
        }
        let (host, port) = split_port(authority);
        if host.is_empty() || host.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}', '%']) {
            return Err("expected a host after http://".into());
        }
        if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            return Err("expected a port from 1 to 65535 behind the host".into());
        }
        Ok(Self {
            whole: text.to_string(),
            origin_end: scheme + host_end,
        })
    }

    /// Tencent's API for functions (583/58400).
    pub(crate) fn scf() -> Self {
        let whole = "https://scf.tencentcloudapi.com".to_owned();
        Self {
            origin_end: whole.len(),
            whole,
        }
    }

    /// The whole address, token and all, to connect to and never to print.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.whole
    }

    /// Whether what is sent there travels readable beyond this machine: plain `http`, and a host that is not loopback.
    #[must_use]
    pub fn is_plain_beyond_loopback(&self) -> bool {
        let (scheme, authority) = self.origin().split_once("://").unwrap_or_default();
        let host = split_port(authority).0.trim_matches(['[', ']']);
        let is_here = host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback());
        scheme.eq_ignore_ascii_case("http") && !is_here
    }

    /// Whether what may be a token travels readable beyond this machine: as above, and a path of more than the one
    /// segment that Tencent's push addresses have.
    #[must_use]
    pub fn may_show_token(&self) -> bool {
        let path = self.whole[self.origin_end..]
            .split('?')
            .next()
            .unwrap_or_default();
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .count();
        segments > 1 && self.is_plain_beyond_loopback()
    }

    /// Scheme, host and port: what may be shown.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.whole[..self.origin_end]
    }
}

/// The part behind the scheme, whose case does not matter.
fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    ["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
        .then_some(rest)
}

/// Host and port, where an IPv6 address stands in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let from = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[from..].find(':') {
        Some(at) => (&authority[..from + at], Some(&authority[from + at + 1..])),
        None => (authority, None),
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.origin())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_that_occur() {
        for (text, origin) in [
            (
                "http://set-lrj1_x.cb-ap-guangzhou.apigateway.tencentyun.com/api-abc",
                "http://set-lrj1_x.cb-ap-guangzhou.apigateway.tencentyun.com",
            ),
            ("HTTPS://gateway/api-wsfn/token", "HTTPS://gateway"),
            ("http://[::1]:9002/api-wsfn", "http://[::1]:9002"),
            ("http://127.0.0.1:9002", "http://127.0.0.1:9002"),
            ("http://host?token=x", "http://host"),
        ] {
            let url = HttpUrl::parse(text).unwrap();
            assert_eq!(url.origin(), origin);
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn others_are_refused_without_being_repeated() {
        for text in [
            "",
            "s3cr3t",
            "ftp://s3cr3t/",
            "http://",
            "http:///s3cr3t",
            "http://u:s3cr3t@host/",
            "http://h/ s3cr3t",
            "http://h:0/s3cr3t",
            "http://h:99999/s3cr3t",
            "http://h:/s3cr3t",
            "http://h/#s3cr3t",
            "http://h\\x/s3cr3t",
            "http://hé/s3cr3t",
        ] {
            let error = HttpUrl::parse(text).unwrap_err();
            assert!(!error.contains("s3cr3t"), "{text}: {error}");
        }
    }

    #[test]
    fn tokens_in_the_open() {
        let may = |text: &str| HttpUrl::parse(text).unwrap().may_show_token();
        for open in [
            "http://gateway/api-wsfn/t",
            "HTTP://10.0.0.1:9002/api-wsfn/t/",
            "http://[fd00::1]:1/a/t?x",
        ] {
            assert!(may(open), "{open}");
        }
        for fine in [
            "https://gateway/api-wsfn/t",
            "http://set-x.example/api-abc",
            "http://set-x.example",
            "http://127.0.0.1:9002/api-wsfn/t",
            "http://[::1]:9002/api-wsfn/t",
            "http://localhost/api-wsfn/t",
        ] {
            assert!(!may(fine), "{fine}");
        }
    }

    proptest! {
        #[test]
        fn the_path_is_never_shown(path in "[a-zA-Z0-9]{12,40}") {
            let url = HttpUrl::parse(&format!("http://host:1/api/{path}")).unwrap();
            let shown = format!("{url} {url:?}");
            prop_assert!(!shown.contains(&path));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), rest in any::<String>()) {
            let _ = HttpUrl::parse(&text).map(|url| url.may_show_token());
            let _ = HttpUrl::parse(&format!("http://{rest}")).map(|url| url.may_show_token());
        }
    }
}
