//! One answer of the runtime API, out of the bytes that came: HTTP/1.1 as far as an API on this machine needs it.
//!
//! A general client costs an event more than all the rest that happens to it, and does what is not needed here: there
//! is one connection, and one request at a time.

use std::borrow::Cow;
use std::fmt;

/// Headers at most; SCF sends fewer than ten.
const HEADERS_MAX: usize = 64;

/// Bytes of a head at most, and of the line that begins a chunk: far above what SCF sends.
const HEAD_MAX: usize = 64 << 10;

/// An answer that is there as a whole.
#[derive(Debug)]
pub(super) struct Answer<'b, 'h> {
    pub(super) status: u16,
    headers: &'h [httparse::Header<'b>],
    /// `None` where it is larger than the limit.
    pub(super) body: Option<Cow<'b, [u8]>>,
    /// Whether the connection can be used again.
    pub(super) keeps: bool,
}

impl Answer<'_, '_> {
    /// The first header of this name, in any case, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(self.headers, name)
    }
}

/// Why bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken(&'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

/// Reads the answer at the beginning of `bytes` and gives it to `then`; `None` while it is not there as a whole.
/// `ended` says that no more bytes will come. A body above `body_max` is not waited for.
pub(super) fn read<T>(
    bytes: &[u8],
    ended: bool,
    body_max: usize,
    then: impl FnOnce(Answer<'_, '_>) -> T,
) -> Result<Option<T>, Broken> {
    let mut rest = bytes;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(rest) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if ended => return Err(Broken("it broke off")),
            Ok(httparse::Status::Partial) if rest.len() > HEAD_MAX => {
                return Err(Broken("its head is too large"));
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Broken("it is no HTTP")),
        };
        let (status, minor) = (response.code.unwrap_or(0), response.version.unwrap_or(0));
        rest = &rest[length..];
        // "Continue" and the like come before the answer.
        if (100..200).contains(&status) {
            continue;
        }
        let headers = &*response.headers;
        let framing = Framing::new(status, headers)?;
        let (body, used) = match framing.body(rest, ended, body_max)? {
            Body::Whole(body, used) => (Some(body), Some(used)),
            Body::TooLarge => (None, None),
            Body::Partial if ended => return Err(Broken("it broke off")),
            Body::Partial => return Ok(None),
        };
        let closes = header(headers, "connection").is_some_and(|value| lists(value, "close"));
        return Ok(Some(then(Answer {
            status,
            headers,
            body,
            // What is behind an answer belongs to no request.
            keeps: minor == 1 && !closes && !ended && used == Some(rest.len()),
        })));
    }
}

/// How the end of a body is found.
enum Framing {
    Length(usize),
    Chunks,
    End,
}

enum Body<'b> {
    /// And how many bytes it took.
    Whole(Cow<'b, [u8]>, usize),
    Partial,
    TooLarge,
}

impl Framing {
    fn new(status: u16, headers: &[httparse::Header<'_>]) -> Result<Self, Broken> {
        if status == 204 || status == 304 {
            return Ok(Self::Length(0));
        }
        if let Some(coding) = header(headers, "transfer-encoding") {
            return match coding.eq_ignore_ascii_case("chunked") {
                true => Ok(Self::Chunks),
                false => Err(Broken("its transfer-encoding is not chunked")),
            };
        }
        match header(headers, "content-length").map(str::parse) {
            Some(Ok(length)) => Ok(Self::Length(length)),
            Some(Err(_)) => Err(Broken("its content-length is no number")),
            None => Ok(Self::End),
        }
    }

    fn body<'b>(&self, rest: &'b [u8], ended: bool, max: usize) -> Result<Body<'b>, Broken> {
        Ok(match self {
            Self::Length(length) if *length > max => Body::TooLarge,
            Self::Length(length) => match rest.get(..*length) {
                Some(body) => Body::Whole(body.into(), *length),
                None => Body::Partial,
            },
            Self::Chunks => chunks(rest, max)?,
            Self::End if rest.len() > max => Body::TooLarge,
            Self::End if ended => Body::Whole(rest.into(), rest.len()),
            Self::End => Body::Partial,
        })
    }
}

/// Puts a chunked body together.
fn chunks(rest: &[u8], max: usize) -> Result<Body<'_>, Broken> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let (length, size) = match httparse::parse_chunk_size(&rest[at..]) {
            Ok(httparse::Status::Complete((length, size))) => (length, size),
            Ok(httparse::Status::Partial) if rest.len() - at > HEAD_MAX => {
                return Err(Broken("the head of a chunk is too large"));
            }
            Ok(httparse::Status::Partial) => return Ok(Body::Partial),
            Err(_) => return Err(Broken("a chunk has no length")),
        };
        at += length;
        if size == 0 {
            return trailer(rest, at).map(|end| match end {
                Some(end) => Body::Whole(body.into(), end),
                None => Body::Partial,
            });
        }
        let Some(size) = usize::try_from(size)
            .ok()
            .filter(|size| *size <= max - body.len())
        else {
            return Ok(Body::TooLarge);
        };
        let Some(chunk) = rest.get(at..at + size + 2) else {
            return Ok(Body::Partial);
        };
        let Some(data) = chunk.strip_suffix(b"\r\n") else {
            return Err(Broken("a chunk is longer than it says"));
        };
        body.extend_from_slice(data);
        at += chunk.len();
    }
}

/// Where the fields behind the last chunk end, which nobody wants.
fn trailer(rest: &[u8], at: usize) -> Result<Option<usize>, Broken> {
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
    match httparse::parse_headers(&rest[at..], &mut fields) {
        Ok(httparse::Status::Complete((length, _))) => Ok(Some(at + length)),
        Ok(httparse::Status::Partial) if rest.len() - at > HEAD_MAX => {
            Err(Broken("what follows its last chunk is too large"))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(Broken("what follows its last chunk is no field")),
    }
}

fn header<'b>(headers: &[httparse::Header<'b>], name: &str) -> Option<&'b str> {
    let found = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(found.value).ok().map(str::trim)
}

fn lists(value: &str, word: &str) -> bool {
    value
        .split(',')
        .any(|one| one.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 100;

    /// Status, header `a`, body, whether it keeps the connection.
    type Seen = (u16, Option<String>, Option<Vec<u8>>, bool);

    fn seen(bytes: &[u8], ended: bool) -> Result<Option<Seen>, Broken> {
        read(bytes, ended, MAX, |answer| {
            (
                answer.status,
                answer.header("a").map(str::to_owned),
                answer.body.as_deref().map(<[u8]>::to_vec),
                answer.keeps,
            )
        })
    }

    fn whole(body: &str, keeps: bool) -> Result<Option<Seen>, Broken> {
        Ok(Some((200, Some("b".into()), Some(body.into()), keeps)))
    }

    /// Every answer here, cut after each byte, is not there until it is there as a whole.
    fn arrives(text: &str, body: &str) {
        for cut in 0..text.len() {
            assert_eq!(
                seen(&text.as_bytes()[..cut], false),
                Ok(None),
                "{cut}: {text}"
            );
            assert!(
                seen(&text.as_bytes()[..cut], true).is_err(),
                "{cut}: {text}"
            );
        }
        assert_eq!(seen(text.as_bytes(), false), whole(body, true), "{text}");
    }

    #[test]
    fn bodies_with_a_length_and_in_chunks_arrive_piece_by_piece() {
        arrives(
            "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello",
            "hello",
        );
        arrives("HTTP/1.1 200 OK\r\na:b\r\ncontent-length: 0\r\n\r\n", "");
        arrives(
            "HTTP/1.1 200 OK\r\nA:  b \r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n",
            "hello world",
        );
        arrives(
            "HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\nt: r\r\n\r\n",
            "x",
        );
        arrives(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\ncontent-length: 1\r\n\r\nx",
            "x",
        );
    }

    #[test]
    fn a_body_may_end_with_the_connection() {
        let text = b"HTTP/1.1 200 OK\r\na: b\r\n\r\nhello";
        assert_eq!(seen(text, false), Ok(None));
        assert_eq!(seen(text, true), whole("hello", false));
        let nothing = seen(b"HTTP/1.1 204 No Content\r\na: b\r\n\r\n", false);
        assert_eq!(
            nothing,
            Ok(Some((204, Some("b".into()), Some(vec![]), true)))
        );
    }

    #[test]
    fn a_connection_is_kept_only_where_the_next_answer_is_its_own() {
        for text in [
            "HTTP/1.0 200 OK\r\na: b\r\ncontent-length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\na: b\r\nconnection: foo, Close\r\ncontent-length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\na: b\r\ncontent-length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n",
        ] {
            assert_eq!(seen(text.as_bytes(), false), whole("x", false), "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_waited_for() {
        let head = "HTTP/1.1 200 OK\r\na: b\r\n";
        let large = "x".repeat(MAX + 1);
        for text in [
            format!("{head}content-length: 101\r\n\r\n"),
            format!("{head}content-length: 18446744073709551615\r\n\r\n"),
            format!("{head}transfer-encoding: chunked\r\n\r\n65\r\n"),
            format!("{head}transfer-encoding: chunked\r\n\r\n1\r\nx\r\n64\r\n"),
            format!("{head}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
            format!("{head}\r\n{large}"),
        ] {
            let answer = seen(text.as_bytes(), false);
            assert_eq!(
                answer,
                Ok(Some((200, Some("b".into()), None, false))),
                "{text}"
            );
        }
    }

    #[test]
    fn garbage_is_refused() {
        let endless = "x: y\r\n".repeat(HEAD_MAX / 6);
        for text in [
            "\x16\x03\x01 what is this\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nz\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz".to_owned(),
            format!("HTTP/1.1 200 OK\r\n{endless}"),
            format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(HEAD_MAX)),
        ] {
            assert!(seen(text.as_bytes(), false).is_err(), "{text:.80}");
        }
    }
}
