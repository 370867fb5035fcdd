//! Any bytes as a request's head, cut anywhere, and as `Sec-WebSocket-Extensions`.
//!
//! The first byte says how the rest is cut. The answer must be the one that it gets in one piece, a head that is let
//! through must satisfy the rules as they are written down a second time here, and what is agreed upon must have been
//! offered.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::codec::handshake::{HandshakeError, Head, HeadReader, accept, negotiate};

/// Small, so that inputs reach it.
const HEADER_MAX: usize = 512;

fuzz_target!(|input: &[u8]| {
    let Some((&cut, bytes)) = input.split_first() else {
        return;
    };
    let at_once = read(bytes, usize::MAX);
    assert_eq!(read(bytes, usize::from(cut).max(1)), at_once);
    assert_eq!(read(bytes, 1), at_once);
    if let Ok(Some(length)) = at_once {
        assert!(length <= HEADER_MAX);
        let head = Head::parse(&bytes[..length]).unwrap().unwrap();
        let checked = head
            .asks_for_websocket()
            .then(|| head.check().ok())
            .flatten();
        assert_eq!(checked, rules(&bytes[..length]), "{head:?}");
        if let Some(key) = checked {
            assert_eq!(accept(key).len(), 28);
            if let Some(offers) = head.joined("sec-websocket-extensions") {
                agree(&offers);
            }
        }
    }
    if let Ok(offers) = str::from_utf8(bytes) {
        agree(offers);
    }
});

/// What a reader makes of it: the length of the head, `None` when it is not complete.
fn read(bytes: &[u8], step: usize) -> Result<Option<usize>, HandshakeError> {
    let mut reader = HeadReader::new(HEADER_MAX);
    let mut taken = 0;
    for piece in bytes.chunks(step) {
        let complete = reader.push(piece)?;
        taken += piece.len();
        let held = reader.behind().len();
        if complete {
            let length = reader.head().expect("it is complete").length;
            assert_eq!(reader.behind(), &bytes[length..taken]);
            return Ok(Some(length));
        }
        assert!(held == taken && held < HEADER_MAX, "held: {held}");
        assert_eq!(reader.head().unwrap_err(), HandshakeError::Incomplete);
    }
    Ok(None)
}

/// The key of a handshake that is in order: RFC 6455, section 4.2.1, rule by rule, over lines of text.
///
/// Lines may end in a line feed alone and empty ones may come first (RFC 9112, section 2.2).
fn rules(head: &[u8]) -> Option<&str> {
    let mut lines = head
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .skip_while(|line| line.is_empty());
    let first = str::from_utf8(lines.next()?).ok()?;
    let target = first.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1")?;
    let url = target.to_ascii_lowercase();
    if !url.starts_with('/') && !url.starts_with("http://") && !url.starts_with("https://") {
        return None;
    }
    let headers: Vec<(Vec<u8>, &[u8])> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let colon = line
                .iter()
                .position(|byte| *byte == b':')
                .expect("a header");
            let value = line[colon + 1..].trim_ascii();
            (line[..colon].to_ascii_lowercase(), value)
        })
        .collect();
    let all = |name: &str| -> Vec<&[u8]> {
        let named = headers.iter().filter(|(key, _)| key == name.as_bytes());
        named.map(|(_, value)| *value).collect()
    };
    let one = |name: &str| match all(name)[..] {
        [value] => str::from_utf8(value).ok(),
        _ => None,
    };
    let has = |name: &str, token: &[u8]| {
        let list = all(name).join(&b',');
        list.split(|byte| *byte == b',')
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(token))
    };
    let body = !all("transfer-encoding").is_empty()
        || all("content-length").iter().any(|length| *length != b"0");
    let known = has("connection", b"upgrade")
        && has("upgrade", b"websocket")
        && one("sec-websocket-version") == Some("13")
        && all("host").len() == 1;
    if body || !known {
        return None;
    }
    // 16 bytes are 21 digits of 6 bits, one of which only the upper two count, and two of padding.
    let key = one("sec-websocket-key")?;
    let digits = key.strip_suffix("==")?.as_bytes();
    let all_digits = digits
        .iter()
        .all(|digit| digit.is_ascii_alphanumeric() || b"+/".contains(digit));
    (digits.len() == 22 && all_digits && b"AQgw".contains(&digits[21])).then_some(key)
}

/// What is agreed upon was offered, and our answer is an offer that we keep.
fn agree(offers: &str) {
    let Some((params, answer)) = negotiate(offers) else {
        return;
    };
    assert!(offers.to_ascii_lowercase().contains("permessage-deflate"));
    assert!((9..=15).contains(&params.server_max_window_bits()));
    assert!(!answer.contains("client_max_window_bits"));
    assert!(
        answer.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "nothing breaks out of the header"
    );
    assert_eq!(negotiate(&answer), Some((params, answer.clone())));
    // A second offer changes nothing, and neither does an extension before it that nobody knows.
    assert_eq!(
        negotiate(&format!("unknown, {answer}, permessage-deflate")),
        Some((params, answer))
    );
}
