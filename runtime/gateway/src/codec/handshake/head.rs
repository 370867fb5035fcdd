//! The head of a request, and whether it is a handshake (RFC 6455, section 4.2.1).

use std::borrow::Cow;

use super::{HandshakeError, key};

/// More headers than any client sends; `header-max` bounds their bytes.
const HEADERS_MAX: usize = 100;
/// What may stand around the parts of a header (RFC 9110, section 5.6.3), and no other whitespace.
pub(super) const BLANK: [char; 2] = [' ', '\t'];

/// A request's head.
#[derive(Debug)]
#[non_exhaustive]
pub struct Head<'b> {
    /// As it was sent: methods have no other case.
    pub method: &'b str,
    /// The path of the target, undecoded; all of a target that has no path.
    pub path: &'b str,
    /// What follows the question mark, undecoded.
    pub query: Option<&'b str>,
    /// Names in lower case, in order; bytes of values that are not UTF-8 are replaced.
    pub headers: Vec<(String, Cow<'b, str>)>,
    /// Bytes of the head, the empty line included.
    pub length: usize,
    http_1_1: bool,
}

impl<'b> Head<'b> {
    /// Reads a head; `None` when it is not complete.
    ///
    /// # Errors
    /// When the bytes are not the beginning of an HTTP/1 request.
    pub fn parse(bytes: &'b [u8]) -> Result<Option<Self>, HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(HandshakeError::TooManyHeaders),
            Err(_) => return Err(HandshakeError::Syntax),
        };
        let target = request.path.unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let headers = request
            .headers
            .iter()
            .map(|header| {
                let name = header.name.to_ascii_lowercase();
                (name, String::from_utf8_lossy(header.value))
            })
            .collect();
        Ok(Some(Self {
            method: request.method.unwrap_or_default(),
            path: without_authority(path),
            query,
            headers,
            length,
            http_1_1: request.version == Some(1),
        }))
    }

    /// The values of a header, in order; its name in lower case.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.trim_matches(BLANK))
    }

    /// The first value of a header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a header as the one list that they are.
    #[must_use]
    pub fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.all(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|item| item.trim_matches(BLANK).eq_ignore_ascii_case(token))
    }

    /// Whether it asks for a WebSocket, well or badly.
    #[must_use]
    pub fn asks_for_websocket(&self) -> bool {
        self.lists("connection", "upgrade") && self.lists("upgrade", "websocket")
    }

    /// The key of a handshake that is in order.
    ///
    /// # Errors
    /// When it is not, whatever [`asks_for_websocket`](Self::asks_for_websocket) says.
    pub fn check(&self) -> Result<&str, HandshakeError> {
        if self.method != "GET" {
            return Err(HandshakeError::Method);
        }
        if !self.http_1_1 {
            return Err(HandshakeError::HttpVersion);
        }
        if !self.path.starts_with('/') {
            return Err(HandshakeError::Target);
        }
        if self.all("host").count() != 1 {
            return Err(HandshakeError::Host);
        }
        if self.get("transfer-encoding").is_some()
            || self.all("content-length").any(|length| length != "0")
        {
            return Err(HandshakeError::Body);
        }
        let mut versions = self.all("sec-websocket-version");
        if versions.next() != Some("13") || versions.next().is_some() {
            return Err(HandshakeError::Version);
        }
        let mut keys = self.all("sec-websocket-key");
        keys.next()
            .filter(|key| keys.next().is_none() && key::is_key(key))
            .ok_or(HandshakeError::Key)
    }
}

/// The path of a target that is a whole URL, which a server accepts too (RFC 9112, section 3.2.2).
fn without_authority(target: &str) -> &str {
    let rest = ["http://", "https://"].into_iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    });
    match rest {
        Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(extra: &str) -> String {
        format!(
            "GET /chat?a=b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{extra}\r\nrest"
        )
    }

    #[test]
    fn a_handshake_in_order() {
        let text = request("Origin: http://x\r\n");
        let head = Head::parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head.path, head.query), ("/chat", Some("a=b")));
        assert_eq!(text.len() - head.length, 4);
        assert!(head.asks_for_websocket());
        assert_eq!(head.check().unwrap(), "AAAAAAAAAAAAAAAAAAAAAA==");
        assert_eq!(head.get("origin"), Some("http://x"));
    }

    #[test]
    fn every_beginning_is_incomplete() {
        let text = request("");
        let end = text.len() - 4;
        for cut in 0..end {
            assert!(
                Head::parse(&text.as_bytes()[..cut]).unwrap().is_none(),
                "{cut}"
            );
        }
    }

    #[test]
    fn a_target_is_a_path_or_a_url() {
        for (target, path, query) in [
            ("/", "/", None),
            ("/a/b?c?d", "/a/b", Some("c?d")),
            ("HTTP://host:80/a?b=/c", "/a", Some("b=/c")),
            ("https://host", "/", None),
            ("https://host?a=/b", "/", Some("a=/b")),
        ] {
            let text = request("").replace("/chat?a=b", target);
            let head = Head::parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!((head.path, head.query), (path, query), "{target}");
            assert!(head.check().is_ok(), "{target}");
        }
        for target in ["*", "host:80", "ftp://host/", "é"] {
            let text = request("").replace("/chat?a=b", target);
            let head = Head::parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!(head.check(), Err(HandshakeError::Target), "{target}");
        }
    }

    #[test]
    fn only_blanks_and_tabs_are_no_part_of_a_token() {
        for (value, expected) in [
            ("Upgrade", true),
            ("a,\tupgrade ,b", true),
            ("upgrade\u{a0}", false),
            ("upgrade;a", false),
        ] {
            let text = request("").replace("keep-alive, Upgrade", value);
            let head = Head::parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!(head.asks_for_websocket(), expected, "{value:?}");
        }
    }
}
