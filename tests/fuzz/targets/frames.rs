//! Any bytes as frames, cut anywhere: the same events and the same error as at once, and nothing after a close.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::codec::{Decoder, DecoderLimits, DeflateParams, Event, ProtocolError};

const MAX_MESSAGE: usize = 4096;

fuzz_target!(|input: (bool, u8, Vec<u8>)| {
    let (compressed, step, bytes) = input;
    let deflate = compressed.then(DeflateParams::default);
    let at_once = decode(&bytes, usize::MAX, deflate);
    assert_eq!(decode(&bytes, usize::from(step).max(1), deflate), at_once);
    assert_eq!(decode(&bytes, 1, deflate), at_once);
});

fn decode(
    bytes: &[u8],
    step: usize,
    deflate: Option<DeflateParams>,
) -> (Vec<Event<'static>>, Option<ProtocolError>) {
    let mut decoder = Decoder::new(DecoderLimits::new(MAX_MESSAGE), deflate);
    let mut events: Vec<Event<'static>> = Vec::new();
    let mut bytes = bytes.to_vec();
    for mut piece in bytes.chunks_mut(step) {
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
