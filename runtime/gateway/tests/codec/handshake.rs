//! What a request must be to be a handshake: one test for each rule, and any cutting.

use proptest::prelude::*;
use wsfn_gateway::codec::handshake::{HandshakeError, HeadReader, negotiate};

/// More than any head here has.
const HEADER_MAX: usize = 2000;
const KEY: &str = "AAECAwQFBgcICQoLDA0ODw==";

/// A handshake in order, as a browser sends it.
fn request() -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: example.org\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}

/// The same with these headers besides.
fn with(headers: &str) -> String {
    request().replace("\r\n\r\n", &format!("\r\n{headers}\r\n\r\n"))
}

/// The key of a request that is let through; `None` when it asks for no WebSocket.
fn answer(request: &str, step: usize) -> Result<Option<String>, HandshakeError> {
    let mut reader = HeadReader::new(HEADER_MAX);
    for piece in request.as_bytes().chunks(step) {
        if reader.push(piece)? {
            break;
        }
    }
    let head = reader.head()?;
    if !head.asks_for_websocket() {
        return Ok(None);
    }
    head.check().map(|key| Some(key.to_owned()))
}

/// It is answered so, at once and byte by byte.
fn answers(request: &str, expected: Result<Option<&str>, HandshakeError>) {
    for step in [usize::MAX, 1] {
        let answer = answer(request, step);
        let answer = answer
            .as_ref()
            .map(Option::as_deref)
            .map_err(|error| *error);
        assert_eq!(answer, expected, "{request}");
    }
}

#[test]
fn it_is_let_through() {
    answers(&request(), Ok(Some(KEY)));
}

#[test]
fn it_is_a_get() {
    for method in ["POST", "HEAD", "get", "CONNECT"] {
        answers(
            &request().replace("GET", method),
            Err(HandshakeError::Method),
        );
    }
    assert_eq!(HandshakeError::Method.status(), 400);
}

#[test]
fn it_is_http_1_1() {
    answers(
        &request().replace("HTTP/1.1", "HTTP/1.0"),
        Err(HandshakeError::HttpVersion),
    );
    for version in ["HTTP/1.2", "HTTP/2.0", "http/1.1"] {
        answers(
            &request().replace("HTTP/1.1", version),
            Err(HandshakeError::Syntax),
        );
    }
    assert_eq!(HandshakeError::HttpVersion.status(), 400);
}

#[test]
fn it_has_one_host() {
    answers(&with("Host: example.org"), Err(HandshakeError::Host));
    answers(
        &request().replace("Host: example.org\r\n", ""),
        Err(HandshakeError::Host),
    );
    assert_eq!(HandshakeError::Host.status(), 400);
}

#[test]
fn connection_and_upgrade_are_lists_of_tokens() {
    for (connection, upgrade) in [
        ("Upgrade", "websocket"),
        ("keep-alive, Upgrade", "WebSocket"),
        ("upgrade,keep-alive", "h2c, websocket"),
        ("a ,\t UPGRADE", "websocket , x/1"),
        ("a\r\nConnection: upgrade", "b\r\nUpgrade: WEBSOCKET"),
    ] {
        let request = request()
            .replace("keep-alive, Upgrade", connection)
            .replace("Upgrade: websocket", &format!("Upgrade: {upgrade}"));
        answers(&request, Ok(Some(KEY)));
    }
    for (connection, upgrade) in [
        ("keep-alive", "websocket"),
        ("Upgraded", "websocket"),
        ("keep-alive Upgrade", "websocket"),
        ("Upgrade", "websockets"),
        ("Upgrade", "h2c"),
    ] {
        let request = request()
            .replace("keep-alive, Upgrade", connection)
            .replace("Upgrade: websocket", &format!("Upgrade: {upgrade}"));
        answers(&request, Ok(None));
    }
}

#[test]
fn it_asks_for_version_13_or_is_answered_426() {
    for version in ["8", "14", "13, 8", "013", "1 3", ""] {
        let request = request().replace("Version: 13", &format!("Version: {version}"));
        answers(&request, Err(HandshakeError::Version));
    }
    answers(
        &with("Sec-WebSocket-Version: 8"),
        Err(HandshakeError::Version),
    );
    answers(
        &request().replace("Sec-WebSocket-Version: 13\r\n", ""),
        Err(HandshakeError::Version),
    );
    assert_eq!(HandshakeError::Version.status(), 426);
}

#[test]
fn its_key_is_16_bytes() {
    for key in [
        "",
        "AAECAwQFBgcICQoLDA0O",         // 15 bytes
        "AAECAwQFBgcICQoLDA0ODxA=",     // 17 bytes
        "AAECAwQFBgcICQoLDA0ODw",       // no padding
        "AAECAwQFBgcICQoLDA0ODx==",     // bits behind the end
        "AAECAwQFBgcICQoLDA0OD-==",     // another alphabet
        "AAECAwQFBgc ICQoLDA0ODw==",    // a blank
        "AAECAwQFBgcICQoLDA0ODw==, AA", // a list
    ] {
        answers(&request().replace(KEY, key), Err(HandshakeError::Key));
    }
    answers(
        &with(&format!("Sec-WebSocket-Key: {KEY}")),
        Err(HandshakeError::Key),
    );
    answers(
        &request().replace(&format!("Sec-WebSocket-Key: {KEY}\r\n"), ""),
        Err(HandshakeError::Key),
    );
    assert_eq!(HandshakeError::Key.status(), 400);
}

#[test]
fn it_has_no_body() {
    for headers in [
        "Content-Length: 1",
        "Content-Length: 0\r\nContent-Length: 9",
        "Transfer-Encoding: chunked",
    ] {
        answers(&with(headers), Err(HandshakeError::Body));
    }
    answers(&with("Content-Length: 0"), Ok(Some(KEY)));
    assert_eq!(HandshakeError::Body.status(), 400);
}

#[test]
fn what_is_no_http_is_refused_at_its_first_wrong_byte() {
    for bytes in [
        &b"\x16"[..],
        b"GET /\x01",
        b"GET / HTTP/2",
        b"\0",
        b"SSH-2.0-x\r",
    ] {
        let mut reader = HeadReader::new(HEADER_MAX);
        let (last, before) = bytes.split_last().unwrap();
        if !before.is_empty() {
            assert_eq!(reader.push(before), Ok(false), "{bytes:x?}");
        }
        assert_eq!(
            reader.push(&[*last]),
            Err(HandshakeError::Syntax),
            "{bytes:x?}"
        );
    }
}

#[test]
fn its_head_is_bounded_byte_by_byte() {
    for (length, expected) in [
        (HEADER_MAX, Ok(Some(KEY))),
        (HEADER_MAX + 1, Err(HandshakeError::TooLarge)),
    ] {
        let fill = "x".repeat(length - with("X: ").len());
        let request = with(&format!("X: {fill}"));
        assert_eq!(request.len(), length);
        answers(&request, expected);
    }
    let many = vec!["X: y"; 101].join("\r\n");
    answers(&with(&many), Err(HandshakeError::TooManyHeaders));
    assert_eq!(HandshakeError::TooLarge.status(), 431);
    assert_eq!(HandshakeError::TooManyHeaders.status(), 431);
}

#[test]
fn frames_in_the_packet_of_the_request_are_kept() {
    let frames = b"\x81\x82abcd\0\0\x89\x80abcd";
    let packet = [request().as_bytes(), frames].concat();
    for first in 1..=packet.len() {
        let mut reader = HeadReader::new(request().len());
        // However the packet is cut, once the head is complete nothing more is pushed.
        let complete = reader.push(&packet[..first]).unwrap();
        assert_eq!(complete, first >= request().len());
        let read = if complete { first } else { packet.len() };
        assert!(complete || reader.push(&packet[first..]).unwrap());
        assert_eq!(reader.behind(), &packet[request().len()..read]);
        assert_eq!(reader.head().unwrap().check(), Ok(KEY));
    }
}

#[test]
fn extension_parameters_may_be_repeated_and_quoted() {
    let agreed = |headers: &str| {
        let mut reader = HeadReader::new(HEADER_MAX);
        assert_eq!(reader.push(with(headers).as_bytes()), Ok(true));
        let offers = reader.head().unwrap().joined("sec-websocket-extensions");
        negotiate(&offers.unwrap()).map(|(params, _)| params.server_max_window_bits())
    };
    for (headers, window) in [
        // Quoted: the value is what stands between the quotes.
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"11\"",
            Some(11),
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"1\\2\"",
            Some(15),
        ),
        (
            "Sec-WebSocket-Extensions: x; y=\"a, permessage-deflate, b\"",
            None,
        ),
        // Twice in one offer: that offer cannot be kept, the next can.
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
            None,
        ),
        (
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
             server_no_context_takeover, permessage-deflate; server_max_window_bits=12",
            Some(12),
        ),
        // Two headers are one list.
        (
            "Sec-WebSocket-Extensions: permessage-deflate; unknown=1\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10",
            Some(10),
        ),
    ] {
        assert_eq!(agreed(headers), window, "{headers}");
    }
}

/// A line that a request may have, well or badly formed.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just("Connection: keep-alive, Upgrade\r\n".to_owned()),
        2 => Just("Upgrade: websocket\r\n".to_owned()),
        2 => Just("Host: example.org\r\n".to_owned()),
        2 => Just("Sec-WebSocket-Version: 13\r\n".to_owned()),
        2 => Just(format!("Sec-WebSocket-Key: {KEY}\r\n")),
        1 => "[a-zA-Z-]{1,20}: ?[ -~é]{0,60}\r?\n",
        1 => "[ -~\t]{0,40}\r?\n",
        1 => Just("\r\n".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_cutting_of_a_request_is_answered_the_same(
        method in prop_oneof![8 => Just("GET"), 1 => Just("POST"), 1 => Just("G T")],
        lines in prop::collection::vec(line(), 0..14),
        complete in any::<bool>(),
        damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        cuts in prop::collection::vec(1..100usize, 1..20),
        max in prop_oneof![Just(HEADER_MAX), 20..400usize],
    ) {
        let end = if complete { "\r\n" } else { "" };
        let mut bytes = format!("{method} / HTTP/1.1\r\n{}{end}", lines.concat()).into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let read = |cuts: &[usize]| {
            let mut reader = HeadReader::new(max);
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                rest = behind;
                if reader.push(piece)? {
                    break;
                }
            }
            let head = reader.head()?;
            assert!(head.length <= max);
            Ok((head.length, head.asks_for_websocket(), head.check().map(str::to_owned)))
        };
        let at_once: Result<_, HandshakeError> = read(&[usize::MAX]);
        prop_assert_eq!(&read(&[1]), &at_once);
        prop_assert_eq!(&read(&cuts), &at_once);
    }
}
