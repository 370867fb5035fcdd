//! Who may push.

use super::tokens::PushTokens;
use crate::http_server::is_local;
use hyper::header::{AUTHORIZATION, HeaderMap, ORIGIN};
use hyper::http::request::Parts;

/// What the settings say about who may push.
pub(super) struct Access {
    path: String,
    tokens: PushTokens,
}

/// Why a request is no allowed push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It comes from a web page.
    Origin,
    /// It names a host that somebody's name server may have pointed here.
    Host,
    /// Nothing is at this path.
    Path,
    /// It is not a `POST`.
    Method,
    /// There is no token.
    NoToken,
    /// The token is none of ours.
    WrongToken,
}

impl Access {
    pub(super) const fn new(path: String, tokens: PushTokens) -> Self {
        Self { path, tokens }
    }

    /// Checks the head of a request.
    ///
    /// A browser sends `Origin` with every POST that a page makes, so whatever has one is a page, and refused even
    /// with a token. Without tokens whoever reaches the port may push, and a page does reach it, as if it were of
    /// the same origin, once its own name resolves to this address: therefore `Host` has to be an address or
    /// `localhost`, which no name server answers for.
    pub(super) fn check(&self, head: &Parts) -> Result<(), Denied> {
        if head.headers.contains_key(ORIGIN) {
            return Err(Denied::Origin);
        }
        if self.tokens.is_empty() && !is_local(head) {
            return Err(Denied::Host);
        }
        let in_path = match head.uri.path().strip_prefix(self.path.as_str()) {
            Some("") => None,
            Some(rest) if !self.tokens.is_empty() => Some(
                rest.strip_prefix('/')
                    .filter(|token| !token.contains('/'))
                    .ok_or(Denied::Path)?,
            ),
            _ => return Err(Denied::Path),
        };
        if head.method != hyper::Method::POST {
            return Err(Denied::Method);
        }
        if self.tokens.is_empty() {
            return Ok(());
        }
        let in_path = in_path.filter(|token| !token.is_empty()).map(unescaped);
        let in_header = bearer(&head.headers);
        if in_path.is_none() && in_header.is_none() {
            return Err(Denied::NoToken);
        }
        let allowed = self.tokens.has(in_path.as_deref().unwrap_or_default())
            | self.tokens.has(in_header.unwrap_or_default());
        if bool::from(allowed) {
            Ok(())
        } else {
            Err(Denied::WrongToken)
        }
    }
}

/// The token of `Authorization: Bearer`. Two such headers are none: nobody could tell which one a proxy looked at.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let value = all.next()?.as_bytes();
    if all.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

/// A segment of a path without percent-encoding, which some clients apply to characters that need none.
fn unescaped(segment: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| {
            after
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are at most 255.
                out.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use proptest::prelude::*;
    use wsfn_settings::Secret;

    use super::*;

    fn check(tokens: &[&str], build: &[(&str, &str)], uri: &str) -> Result<(), Denied> {
        let tokens: Vec<Secret> = tokens.iter().map(|token| Secret::new(*token)).collect();
        let mut request = Request::post(uri);
        for (name, value) in build {
            request = request.header(*name, *value);
        }
        Access::new("/api-wsfn".to_owned(), PushTokens::new(&tokens))
            .check(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn hosts_without_a_token() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:9002",
            "[::1]:9002",
            "localhost",
            "LOCALHOST:9002",
            "10.0.0.7:1",
        ] {
            assert_eq!(check(&[], &[("host", host)], "/api-wsfn"), Ok(()), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "",
            "user@127.0.0.1",
            "127.0.0.1 x",
            "2130706433",
        ] {
            assert_eq!(
                check(&[], &[("host", host)], "/api-wsfn"),
                Err(Denied::Host),
                "{host}"
            );
        }
        assert_eq!(check(&[], &[], "/api-wsfn"), Err(Denied::Host));
        let two = [("host", "127.0.0.1"), ("host", "evil.example")];
        assert_eq!(check(&[], &two, "/api-wsfn"), Err(Denied::Host));
        assert_eq!(
            check(
                &[],
                &[("host", "127.0.0.1")],
                "http://evil.example/api-wsfn"
            ),
            Err(Denied::Host)
        );
    }

    #[test]
    fn tokens() {
        let tokens = ["new-token", "old+token="];
        for (headers, uri) in [
            (&[][..], "/api-wsfn/new-token"),
            (&[], "/api-wsfn/old+token="),
            (&[], "/api-wsfn/old%2Btoken%3d"),
            (&[("authorization", "Bearer new-token")], "/api-wsfn"),
            (&[("authorization", "bearer old+token=")], "/api-wsfn/"),
            (
                &[
                    ("host", "gateway.internal"),
                    ("authorization", "Bearer new-token"),
                ],
                "/api-wsfn",
            ),
        ] {
            assert_eq!(check(&tokens, headers, uri), Ok(()), "{uri}");
        }
        for (headers, uri, denied) in [
            (&[][..], "/api-wsfn", Denied::NoToken),
            (&[], "/api-wsfn/", Denied::NoToken),
            (&[], "/api-wsfn/new-toke", Denied::WrongToken),
            (&[], "/api-wsfn/new-token2", Denied::WrongToken),
            (&[], "/api-wsfn/new-token/", Denied::Path),
            (&[], "/api-wsfnnew-token", Denied::Path),
            (
                &[("authorization", "Basic new-token")],
                "/api-wsfn",
                Denied::NoToken,
            ),
            (
                &[("authorization", "Bearer ")],
                "/api-wsfn",
                Denied::WrongToken,
            ),
            (
                &[
                    ("authorization", "Bearer new-token"),
                    ("authorization", "Bearer x"),
                ],
                "/api-wsfn",
                Denied::NoToken,
            ),
            (&[("origin", "null")], "/api-wsfn/new-token", Denied::Origin),
        ] {
            assert_eq!(
                check(&tokens, headers, uri),
                Err(denied),
                "{headers:?} {uri}"
            );
        }
    }

    #[test]
    fn an_empty_token_opens_nothing() {
        assert_eq!(
            check(&[""], &[("authorization", "Bearer ")], "/api-wsfn"),
            Err(Denied::WrongToken)
        );
    }

    proptest! {
        #[test]
        fn no_segment_panics(segment in "[ -~]{0,20}") {
            let _ = unescaped(&segment);
        }

        #[test]
        fn escaped_is_unescaped(bytes in any::<Vec<u8>>()) {
            let escaped: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(unescaped(&escaped), bytes);
        }
    }
}
