//! Any bytes as a compressed message: bounded, text only if it is, and in pieces what it is at once. What we compress
//! comes back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::codec::{
    Decoder, DecoderLimits, DeflateParams, Event, MessageKind, ProtocolError, SharedMessage,
};

/// More than inputs are, so that what we compress can be read.
const MAX_MESSAGE: usize = 64 << 10;
/// Little enough that inputs inflate to more.
const SMALL: usize = 500;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > MAX_MESSAGE {
        return;
    }
    for max in [SMALL, MAX_MESSAGE] {
        for first in [0xC2, 0xC1] {
            let at_once = decode(max, first, bytes, usize::MAX);
            assert_eq!(decode(max, first, bytes, bytes.len() / 3 + 1), at_once);
            assert_eq!(decode(max, first, bytes, 1), at_once);
        }
    }
    for params in [9, 15].into_iter().filter_map(DeflateParams::new) {
        let frame = SharedMessage::new(MessageKind::Binary, bytes, Some(0)).frame(Some(&params));
        let header = match frame[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        let again =
            decode(MAX_MESSAGE, frame[0], &frame[header..], usize::MAX).expect("it is ours");
        assert_eq!(again, bytes);
    }
});

fn decode(max: usize, first: u8, payload: &[u8], step: usize) -> Result<Vec<u8>, ProtocolError> {
    let mut frame = vec![first, 0x80 | 127];
    frame.extend((payload.len() as u64).to_be_bytes());
    match payload.len() {
        0..126 => {
            frame.truncate(1);
            frame.push(0x80 | payload.len() as u8);
        }
        126..65_536 => {
            frame.truncate(1);
            frame.push(0x80 | 126);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
        _ => {}
    }
    frame.extend([0; 4]);
    frame.extend_from_slice(payload);
    let mut decoder = Decoder::new(DecoderLimits::new(max), Some(DeflateParams::default()));
    for piece in frame.chunks_mut(step) {
        let data = match decoder.decode(piece)?.1 {
            Some(Event::Text(text)) => text.into_owned().into_bytes(),
            Some(Event::Binary(data)) => data.into_owned(),
            Some(event) => panic!("{event:?}"),
            None => continue,
        };
        assert!(data.len() <= max);
        return Ok(data);
    }
    panic!("the message is whole, and neither there nor refused");
}
