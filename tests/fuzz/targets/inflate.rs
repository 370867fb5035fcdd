//! Any bytes as a compressed message: bounded, and text only if it is. What we compress comes back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::codec::{
    Decoder, DecoderLimits, DeflateParams, Event, MessageKind, SharedMessage,
};

const MAX_MESSAGE: usize = 64 << 10;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > MAX_MESSAGE {
        return;
    }
    let _ = decode(0xC2, bytes);
    let _ = decode(0xC1, bytes);
    for params in [9, 15].into_iter().filter_map(DeflateParams::new) {
        let frame = SharedMessage::new(MessageKind::Binary, bytes, Some(0)).frame(Some(&params));
        let header = match frame[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        assert_eq!(decode(frame[0], &frame[header..]).as_deref(), Some(bytes));
    }
});

fn decode(first: u8, payload: &[u8]) -> Option<Vec<u8>> {
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
    let mut decoder = Decoder::new(
        DecoderLimits::new(MAX_MESSAGE),
        Some(DeflateParams::default()),
    );
    let event = decoder.decode(&mut frame).ok()?.1?;
    let data = match event {
        Event::Text(text) => text.into_owned().into_bytes(),
        Event::Binary(data) => data.into_owned(),
        event => panic!("{event:?}"),
    };
    assert!(data.len() <= MAX_MESSAGE);
    Some(data)
}
