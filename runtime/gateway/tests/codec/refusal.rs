//! What a client must not send, and the code it is closed with: one test for each rule.

use wsfn_gateway::codec::{DeflateParams, Event, ProtocolError};

use crate::support::{MASK, decode, deflated, frame, refused};

/// It is refused for this reason, which is a 1002, however it is cut.
fn is_refused(error: ProtocolError, name: &str, stream: &[u8]) {
    assert_eq!(error.close_code().0, 1002);
    // Enough for a header that is longer than its check needs.
    let stream = [stream, &[0; 12]].concat();
    for cut in [1, 2, usize::MAX] {
        let decoded = decode(&stream, &[cut], Some(DeflateParams::default()));
        assert_eq!(decoded.error, Some(error), "{name}, in pieces of {cut}");
    }
}

/// It is read, up to the events that it has.
fn is_read(name: &str, stream: &[u8], events: usize) {
    let decoded = decode(stream, &[1], Some(DeflateParams::default()));
    assert_eq!(decoded.error, None, "{name}");
    assert_eq!(decoded.events.len(), events, "{name}");
}

#[test]
fn an_unmasked_frame() {
    for first in [0x81, 0x82, 0x01, 0x88, 0x89, 0x8A] {
        is_refused(ProtocolError::Unmasked, "without a mask", &[first, 0]);
    }
}

#[test]
fn a_reserved_bit_without_an_extension() {
    for opcode in [0x1, 0x2, 0x9] {
        for bits in [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] {
            is_refused(
                ProtocolError::ReservedBit,
                "bits 2 and 3",
                &frame(0x80 | bits | opcode, b"", MASK),
            );
        }
    }
    for first in [0xC1, 0xC2, 0x41] {
        let compressed = frame(first, &deflated(b"x"), MASK);
        assert_eq!(refused(&compressed, None), Some(1002), "not agreed upon");
    }
    is_read("agreed upon", &frame(0xC1, &deflated(b"x"), MASK), 1);
}

#[test]
fn a_reserved_opcode() {
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        is_refused(
            ProtocolError::Opcode(opcode),
            "reserved",
            &frame(0x80 | opcode, b"", MASK),
        );
    }
}

#[test]
fn a_fragmented_control_frame() {
    for opcode in [0x8, 0x9, 0xA] {
        is_refused(
            ProtocolError::Control,
            "without FIN",
            &frame(opcode, b"", MASK),
        );
    }
}

#[test]
fn a_control_frame_above_125_bytes() {
    for (first, payload) in [
        (0x88, [&[0x03, 0xE8][..], &[b'x'; 124]].concat()),
        (0x89, vec![0; 126]),
        (0x8A, vec![0; 70_000]),
    ] {
        is_refused(
            ProtocolError::Control,
            "too long",
            &frame(first, &payload, MASK),
        );
        is_read("long enough", &frame(first, &payload[..125], MASK), 1);
    }
}

#[test]
fn a_length_that_is_not_in_its_shortest_form() {
    for first in [0x81, 0x02] {
        for length in [0u16, 1, 125] {
            let mut header = vec![first, 0x80 | 126];
            header.extend(length.to_be_bytes());
            is_refused(ProtocolError::Length, "in two bytes", &header);
        }
        for length in [0u64, 125, 126, 65_535] {
            let mut header = vec![first, 0x80 | 127];
            header.extend(length.to_be_bytes());
            is_refused(ProtocolError::Length, "in eight bytes", &header);
        }
    }
    is_read("126", &frame(0x81, &[b'x'; 126], MASK), 1);
}

#[test]
fn a_length_of_64_bits_with_its_top_bit() {
    for length in [1u64 << 63, u64::MAX, 1 << 63 | 65_536] {
        let mut header = vec![0x82, 0x80 | 127];
        header.extend(length.to_be_bytes());
        is_refused(ProtocolError::Length, "top bit", &header);
    }
}

#[test]
fn a_continuation_out_of_place() {
    let whole = frame(0x81, b"a", MASK);
    let start = frame(0x01, b"a", MASK);
    let more = frame(0x00, b"b", MASK);
    let end = frame(0x80, b"c", MASK);
    for (name, stream) in [
        ("of nothing", vec![&end]),
        ("of nothing, not its end", vec![&more]),
        ("of a whole message", vec![&whole, &end]),
        ("of a message that has ended", vec![&start, &end, &end]),
        ("a message in a message", vec![&start, &whole]),
        ("two that begin", vec![&start, &more, &start]),
    ] {
        is_refused(
            ProtocolError::Continuation,
            name,
            &stream.into_iter().flatten().copied().collect::<Vec<_>>(),
        );
    }
    let ping = frame(0x89, b"", MASK);
    is_read(
        "in place",
        &[start, ping.clone(), more, ping, end].concat(),
        3,
    );
}

#[test]
fn a_compressed_control_frame() {
    for first in [0xC8, 0xC9, 0xCA] {
        is_refused(
            ProtocolError::ReservedBit,
            "compressed",
            &frame(first, b"", MASK),
        );
    }
}

#[test]
fn a_compressed_continuation() {
    // Only the first frame says that a message is compressed (RFC 7692, section 6.1).
    let deflated = deflated(b"abc");
    let start = frame(0x41, &deflated[..2], MASK);
    for (name, stream) in [
        (
            "of a plain message",
            [frame(0x01, b"a", MASK), frame(0xC0, b"", MASK)],
        ),
        (
            "of a compressed one",
            [start.clone(), frame(0xC0, &deflated[2..], MASK)],
        ),
    ] {
        is_refused(ProtocolError::ReservedBit, name, &stream.concat());
    }
    is_read(
        "in place",
        &[start, frame(0x80, &deflated[2..], MASK)].concat(),
        1,
    );
}

#[test]
fn a_malformed_close() {
    is_refused(ProtocolError::Close, "one byte", &frame(0x88, b"x", MASK));
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        is_refused(
            ProtocolError::Close,
            "may not be sent",
            &frame(0x88, &code.to_be_bytes(), MASK),
        );
    }
    for code in [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999] {
        is_read(
            "may be sent",
            &frame(0x88, &u16::to_be_bytes(code), MASK),
            1,
        );
    }
}

#[test]
fn broken_data_is_1007() {
    let deflate = Some(DeflateParams::default());
    let compressed = deflated(&b"a message whose end is missing ".repeat(9));
    for (name, stream) in [
        ("text", frame(0x81, b"\xFF", MASK)),
        ("half a character at the end", frame(0x81, b"\xC3", MASK)),
        ("reason", frame(0x88, b"\x03\xE8\xFF", MASK)),
        ("compressed text", frame(0xC1, &deflated(b"\xFF"), MASK)),
        ("no deflate", frame(0xC1, &[0xFF; 9], MASK)),
        (
            "cut deflate",
            frame(0xC1, &compressed[..compressed.len() / 2], MASK),
        ),
    ] {
        assert_eq!(refused(&stream, deflate), Some(1007), "{name}");
    }
    // Told as soon as it is certain, not when the frame ends.
    let long = frame(0x01, &[&b"\xED\xA0"[..], &[b'x'; 500]].concat(), MASK);
    assert_eq!(refused(&long[..10], None), Some(1007));
}

#[test]
fn nothing_is_parsed_after_a_close() {
    let stream = [frame(0x88, b"", MASK), frame(0x83, b"garbage", MASK)].concat();
    let decoded = decode(&stream, &[3], None);
    assert_eq!(decoded.error, None);
    assert!(matches!(decoded.events[..], [Event::Close(_)]));
    assert_eq!(decoded.out, b"\x88\x00");
}
