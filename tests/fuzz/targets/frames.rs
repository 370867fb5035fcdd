//! Any bytes as frames, cut anywhere: the same events and the same error as at once, and nothing after a close.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::codec::{Decoder, DecoderLimits, DeflateParams, Event, ProtocolError};

const MAX_MESSAGE: usize = 4096;

fuzz_target!(|input: (bool, u32, Vec<u8>)| {
    let (compressed, seed, bytes) = input;
    let deflate = compressed.then(DeflateParams::default);
    let at_once = decode(&bytes, std::iter::repeat(usize::MAX), deflate);
    assert_eq!(decode(&bytes, cuts(seed), deflate), at_once);
    assert_eq!(decode(&bytes, std::iter::repeat(1), deflate), at_once);
});

/// The sizes of pieces, one after the other: a few bytes, as heads have, or hundreds, as payloads do (xorshift).
fn cuts(seed: u32) -> impl Iterator<Item = usize> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let most = if state & 1 == 0 { 8 } else { 1024 };
        (state >> 1) as usize % most + 1
    })
}

fn decode(
    bytes: &[u8],
    cuts: impl Iterator<Item = usize>,
    deflate: Option<DeflateParams>,
) -> (Vec<Event<'static>>, Option<ProtocolError>) {
    let mut decoder = Decoder::new(DecoderLimits::new(MAX_MESSAGE), deflate);
    let mut events: Vec<Event<'static>> = Vec::new();
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    for cut in cuts {
        if rest.is_empty() {
            break;
        }
        let (mut piece, behind) = rest.split_at_mut(cut.min(rest.len()));
        rest = behind;
        while !piece.is_empty() {
            let length = piece.len();
            match decoder.decode(piece) {
                Ok((used, event)) => {
                    assert!(event.is_some() || used == length);
                    match &event {
                        Some(Event::Text(text)) => assert!(text.len() <= MAX_MESSAGE),
                        Some(Event::Binary(data)) => assert!(data.len() <= MAX_MESSAGE),
                        Some(Event::Ping(data) | Event::Pong(data)) => assert!(data.len() <= 125),
                        _ => {}
                    }
                    if event.is_some() {
                        assert!(
                            !matches!(events.last(), Some(Event::Close(_))),
                            "after a close"
                        );
                    }
                    events.extend(event.map(Event::into_owned));
                    piece = &mut piece[used..];
                }
                Err(error) => return (events, Some(error)),
            }
        }
    }
    (events, None)
}
