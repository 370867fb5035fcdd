//! permessage-deflate: what is agreed upon in the handshake (RFC 7692, section 7.1).

use std::borrow::Cow;

use super::head::BLANK;

/// The window that compressors have where the client asks for no other, as a power of two.
const WINDOW_MAX: u8 = 15;
/// The smallest window that zlib compresses with; 8, which the RFC allows too, it does not have.
const WINDOW_MIN: u8 = 9;

/// How the messages of one connection are compressed. Neither side keeps anything between messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    server_max_window_bits: u8,
}

impl DeflateParams {
    /// How many windows there are.
    pub(in crate::codec) const WINDOWS: usize = (WINDOW_MAX - WINDOW_MIN + 1) as usize;

    /// With this window for our compressor, as a power of two; `None` unless it is 9 to 15.
    #[must_use]
    pub const fn new(server_max_window_bits: u8) -> Option<Self> {
        match server_max_window_bits {
            WINDOW_MIN..=WINDOW_MAX => Some(Self {
                server_max_window_bits,
            }),
            _ => None,
        }
    }

    /// The window of our compressor, as a power of two: 9 to 15.
    #[must_use]
    pub const fn server_max_window_bits(self) -> u8 {
        self.server_max_window_bits
    }

    /// Which of all windows it is, from 0 on.
    pub(in crate::codec) const fn window_index(self) -> usize {
        // Nothing is made with fewer bits.
        (self.server_max_window_bits - WINDOW_MIN) as usize
    }
}

impl Default for DeflateParams {
    fn default() -> Self {
        Self {
            server_max_window_bits: WINDOW_MAX,
        }
    }
}

/// Chooses among the offers in `Sec-WebSocket-Extensions`: the parameters, and the header's value in the answer.
/// `None` where there is no offer that can be kept, and messages go plain.
///
/// An offer is passed over that has an unknown parameter, one twice, or one with a value that is out of place. What
/// the client says about its own window is never answered: inflating with the largest window reads any smaller one.
///
/// ```
/// use wsfn_gateway::codec::handshake::negotiate;
/// let (_, answer) = negotiate("permessage-deflate; client_max_window_bits").unwrap();
/// assert_eq!(answer, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
/// assert_eq!(negotiate("x-webkit-deflate-frame"), None);
/// ```
#[must_use]
pub fn negotiate(offers: &str) -> Option<(DeflateParams, String)> {
    split(offers, b',').find_map(consider)
}

fn consider(offer: &str) -> Option<(DeflateParams, String)> {
    let mut parts = split(offer, b';').map(|part| part.trim_matches(BLANK));
    if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
        return None;
    }
    let mut seen = [false; 4];
    let mut asked = None;
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (
                name.trim_end_matches(BLANK),
                Some(unquoted(value.trim_start_matches(BLANK))?),
            ),
            None => (part, None),
        };
        let which = match (name, value) {
            ("server_no_context_takeover", None) => 0,
            ("client_no_context_takeover", None) => 1,
            ("server_max_window_bits", Some(value)) => {
                asked = Some(DeflateParams::new(bits(&value)?)?);
                2
            }
            ("client_max_window_bits", value) => {
                if let Some(value) = value {
                    bits(&value)?;
                }
                3
            }
            _ => return None,
        };
        if std::mem::replace(&mut seen[which], true) {
            return None;
        }
    }
    let mut answer =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
    if let Some(params) = asked {
        let bits = params.server_max_window_bits;
        answer.push_str(&format!("; server_max_window_bits={bits}"));
    }
    Some((asked.unwrap_or_default(), answer))
}

/// A window as the RFC writes it: 8 to 15, decimal, without a leading zero.
fn bits(value: &str) -> Option<u8> {
    let bits = value
        .parse()
        .ok()
        .filter(|bits| (8..=WINDOW_MAX).contains(bits))?;
    (value.len() == if bits < 10 { 1 } else { 2 }).then_some(bits)
}

/// What a value is without the quotes that may stand around it; `None` when they do not end.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = value.strip_prefix('"') else {
        return Some(value.into());
    };
    let inner = rest.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(inner.into());
    }
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(next) = chars.next() {
        plain.push(if next == '\\' { chars.next()? } else { next });
    }
    Some(plain.into())
}

/// Splits at `separator`, but not inside quotes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            if escaped {
                escaped = false;
            } else if quoted && byte == b'\\' {
                escaped = true;
            } else if byte == b'"' {
                quoted = !quoted;
            }
            byte == separator && !quoted
        });
        match end {
            // The separator is one byte of ASCII, so both sides are whole.
            Some(end) => {
                rest = text.get(end + 1..);
                text.get(..end)
            }
            None => rest.take(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    fn answer(offers: &str) -> Option<String> {
        negotiate(offers).map(|(_, answer)| answer)
    }

    #[test]
    fn offers_that_are_kept() {
        for offer in [
            "permessage-deflate",
            "Permessage-Deflate",
            " permessage-deflate ; client_max_window_bits ",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=\"15\"",
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
            "foo, bar; a=\"x, permessage-deflate; b\", permessage-deflate",
            "permessage-deflate; unknown, permessage-deflate",
        ] {
            assert_eq!(answer(offer).as_deref(), Some(PLAIN), "{offer}");
        }
        for offer in [
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits = \"1\\0\"",
        ] {
            let (params, answer) = negotiate(offer).expect(offer);
            assert_eq!(params.server_max_window_bits(), 10);
            assert_eq!(answer, format!("{PLAIN}; server_max_window_bits=10"));
        }
    }

    #[test]
    fn offers_that_are_passed_over() {
        for offer in [
            "",
            ",",
            "permessage-deflate2",
            "permessage-deflate; unknown",
            "permessage-deflate;",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; client_max_window_bits=16",
            "permessage-deflate; client_max_window_bits=010",
            "permessage-deflate; client_max_window_bits=+9",
            "permessage-deflate; client_max_window_bits=\"10",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=",
        ] {
            assert_eq!(answer(offer), None, "{offer}");
        }
    }

    #[test]
    fn an_offer_that_cannot_be_kept_leaves_the_next() {
        let offers = "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9";
        assert_eq!(
            negotiate(offers)
                .expect("the second")
                .0
                .server_max_window_bits(),
            9
        );
    }
}
