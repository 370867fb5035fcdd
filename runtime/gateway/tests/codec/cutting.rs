//! Where a stream is cut changes nothing: same events, same bytes out, same end.

use proptest::prelude::*;
use wsfn_gateway::codec::DeflateParams;

use crate::support::{decode, decode_up_to, deflated, frame};

/// A piece of a stream: mostly what clients send, sometimes what they must not.
pub(crate) fn piece() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        4 => "[a-zäöü€😀]{0,60}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => prop::collection::vec(Just(b'x'), 0..6000),
    ];
    let message = (
        payload,
        any::<[u8; 4]>(),
        any::<bool>(),
        0..3usize,
        any::<bool>(),
    )
        .prop_map(|(payload, mask, text, fragments, compressed)| {
            let opcode = if text { 0x1 } else { 0x2 };
            let (bits, payload) = if compressed {
                (0x40, deflated(&payload))
            } else {
                (0, payload)
            };
            let step = payload.len() / (fragments + 1) + 1;
            let mut pieces: Vec<&[u8]> = payload.chunks(step).collect();
            if pieces.is_empty() {
                pieces.push(&[]);
            }
            let last = pieces.len() - 1;
            let mut stream = Vec::new();
            for (at, piece) in pieces.into_iter().enumerate() {
                let start = if at == 0 { opcode | bits } else { 0 };
                let fin = if at == last { 0x80 } else { 0 };
                stream.extend(frame(start | fin, piece, mask));
                if at < last {
                    stream.extend(frame(0x89, b"between", mask));
                }
            }
            stream
        });
    let control = (
        0x88u8..=0x8A,
        prop::collection::vec(any::<u8>(), 0..=125),
        any::<[u8; 4]>(),
    )
        .prop_map(|(first, payload, mask)| frame(first, &payload, mask));
    let close = (
        prop_oneof![Just(1000u16), Just(3000), any::<u16>()],
        "[a-z]{0,20}",
    )
        .prop_map(|(code, reason)| {
            let payload = [&code.to_be_bytes()[..], reason.as_bytes()].concat();
            frame(0x88, &payload, [1, 2, 3, 4])
        });
    prop_oneof![
        12 => message,
        4 => control,
        1 => close,
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ]
}

proptest! {
    #[test]
    fn any_cutting_decodes_the_same(
        pieces in prop::collection::vec(piece(), 1..8),
        cuts in prop::collection::vec(1..200usize, 1..20),
        deflate in any::<bool>(),
        end in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut stream = pieces.concat();
        if !whole {
            stream.truncate(end.index(stream.len()));
        }
        let deflate = deflate.then(DeflateParams::default);
        let at_once = decode(&stream, &[usize::MAX], deflate);
        prop_assert_eq!(&decode(&stream, &[1], deflate), &at_once);
        prop_assert_eq!(&decode(&stream, &cuts, deflate), &at_once);
    }

    #[test]
    fn damaged_streams_decode_the_same(
        pieces in prop::collection::vec(piece(), 1..4),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cuts in prop::collection::vec(1..50usize, 1..20),
    ) {
        let mut stream = pieces.concat();
        for (at, byte) in damage {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        let deflate = Some(DeflateParams::default());
        let at_once = decode(&stream, &[usize::MAX], deflate);
        prop_assert_eq!(&decode(&stream, &[1], deflate), &at_once);
        prop_assert_eq!(&decode(&stream, &cuts, deflate), &at_once);
    }
}

proptest! {
    // Each decodes up to a hundred thousand bytes one by one.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Large enough that it is looked at while it arrives, at the same bytes however they are cut.
    #[test]
    fn large_compressed_messages_decode_the_same(
        lines in prop::collection::vec("[a-z0-9€]{0,400}", 1..60),
        zeros in prop_oneof![Just(0), 0..100_000usize],
        damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        broken in prop::option::of(any::<prop::sample::Index>()),
        max in prop_oneof![Just(1000), 10_000..100_000usize],
        cuts in prop::collection::vec(1..3000usize, 1..20),
        text in any::<bool>(),
        fragments in 1..5usize,
    ) {
        let mut payload = lines.concat().into_bytes();
        payload.resize(payload.len() + zeros, 0);
        payload.extend_from_slice(lines.concat().as_bytes());
        if let (Some(at), false) = (broken, payload.is_empty()) {
            let at = at.index(payload.len());
            payload[at] = 0xFF;
        }
        let mut payload = deflated(&payload);
        if let Some((at, byte)) = damage {
            let at = at.index(payload.len());
            payload[at] ^= byte;
        }
        let opcode = if text { 0x41 } else { 0x42 };
        let step = payload.len() / fragments + 1;
        let last = payload.chunks(step).len() - 1;
        let mut stream = Vec::new();
        for (at, piece) in payload.chunks(step).enumerate() {
            let start = if at == 0 { opcode } else { 0 };
            let fin = if at == last { 0x80 } else { 0 };
            stream.extend(frame(start | fin, piece, [1, 2, 3, 4]));
            if at < last {
                stream.extend(frame(0x89, b"between", [5, 6, 7, 8]));
            }
        }
        let deflate = Some(DeflateParams::default());
        let at_once = decode_up_to(max, &stream, &[usize::MAX], deflate);
        prop_assert_eq!(&decode_up_to(max, &stream, &[1], deflate), &at_once);
        prop_assert_eq!(&decode_up_to(max, &stream, &cuts, deflate), &at_once);
    }
}
