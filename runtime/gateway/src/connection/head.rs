//! The head of a request, and whether it is a handshake (RFC 6455, section 4.2.1).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// More headers than any client sends; `header-max` bounds their bytes.
const HEADERS_MAX: usize = 100;
/// `Sec-WebSocket-Key` is this many bytes in base64.
const KEY_BYTES: usize = 16;

/// A request's head.
#[derive(Debug)]
pub(super) struct Head<'b> {
    pub(super) method: &'b str,
    pub(super) path: &'b str,
    pub(super) query: Option<&'b str>,
    http_1_1: bool,
    /// Names in lower case; bytes that are not UTF-8 are replaced.
    pub(super) headers: Vec<(String, Cow<'b, str>)>,
    /// How many bytes it has.
    pub(super) length: usize,
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// 400, and what it is about.
    Request(&'static str),
    /// 426: not a version that is spoken here.
    Version,
}

impl<'b> Head<'b> {
    /// Reads a head; `None` when it is not complete.
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Option<Self>, Bad> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Bad::Request("not an HTTP/1.1 request")),
        };
        let target = request.path.unwrap_or("/");
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
            path,
            query,
            http_1_1: request.version == Some(1),
            headers,
            length,
        }))
    }

    /// The values of a header, in order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.headers.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.trim())
    }

    /// The first value of a header.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a header as the one list that they are.
    pub(super) fn joined(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.all(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    fn lists(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(token))
    }

    /// Whether it asks for a WebSocket, well or badly.
    pub(super) fn asks_for_websocket(&self) -> bool {
        self.lists("connection", "upgrade") && self.lists("upgrade", "websocket")
    }

    /// The key of a handshake that is in order.
    pub(super) fn check(&self) -> Result<&str, Bad> {
        if self.method != "GET" {
            return Err(Bad::Request("a handshake is a GET"));
        }
        if !self.http_1_1 {
            return Err(Bad::Request("a handshake is HTTP/1.1"));
        }
        if self.all("host").count() != 1 {
            return Err(Bad::Request("a request has one Host"));
        }
        if self.get("transfer-encoding").is_some()
            || self
                .get("content-length")
                .is_some_and(|length| length != "0")
        {
            return Err(Bad::Request("a handshake has no body"));
        }
        let mut versions = self.all("sec-websocket-version");
        if versions.next() != Some("13") || versions.next().is_some() {
            return Err(Bad::Version);
        }
        let mut keys = self.all("sec-websocket-key");
        let key = keys.next().filter(|_| keys.next().is_none());
        key.filter(|key| {
            STANDARD
                .decode(key)
                .is_ok_and(|bytes| bytes.len() == KEY_BYTES)
        })
        .ok_or(Bad::Request("Sec-WebSocket-Key is 16 bytes in base64"))
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
    fn what_is_wrong_is_told() {
        let wrong = |text: &str| {
            let head = Head::parse(text.as_bytes()).unwrap().unwrap();
            head.check().map(str::to_owned).unwrap_err()
        };
        assert_eq!(wrong(&request("").replace(": 13", ": 8")), Bad::Version);
        assert!(matches!(wrong(&request("Host: y\r\n")), Bad::Request(_)));
        assert!(matches!(
            wrong(&request("").replace("GET", "POST")),
            Bad::Request(_)
        ));
        assert!(matches!(
            wrong(&request("").replace("HTTP/1.1", "HTTP/1.0")),
            Bad::Request(_)
        ));
        assert!(matches!(
            wrong(&request("").replace("AAAA==", "==")),
            Bad::Request(_)
        ));
        assert!(matches!(
            wrong(&request("Content-Length: 3\r\n")),
            Bad::Request(_)
        ));
        assert_eq!(
            Head::parse(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap_err(),
            Bad::Request("not an HTTP/1.1 request")
        );
    }
}
