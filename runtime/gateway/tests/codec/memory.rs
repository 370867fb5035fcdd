//! What a connection holds, during a message and after it.

use wsfn_gateway::codec::{Decoder, DecoderLimits, DeflateParams, Event, ProtocolError, scratch};

use crate::support::{deflated, frame};

const MIB: usize = 1 << 20;

#[test]
fn an_idle_decoder_is_small() {
    // With a few thousand bytes for a connection in all, this one is not to be seen.
    assert!(size_of::<Decoder>() <= 128, "{}", size_of::<Decoder>());
}

#[test]
fn a_large_message_leaves_nothing_behind() {
    let mut decoder = Decoder::new(DecoderLimits::new(16 * MIB), Some(DeflateParams::default()));
    let data = vec![b'x'; 16 * MIB];
    for mut stream in [
        frame(0x82, &data, [0; 4]),
        frame(0xC2, &deflated(&data), [0; 4]),
    ] {
        let mut seen = 0;
        // As a socket delivers it: no read is as large as the message.
        for piece in stream.chunks_mut(scratch::READ_SIZE) {
            let mut piece = piece;
            while !piece.is_empty() {
                let (used, event) = decoder.decode(piece).unwrap();
                if let Some(Event::Binary(data)) = event {
                    seen += data.len();
                }
                piece = &mut piece[used..];
            }
        }
        assert_eq!(seen, 16 * MIB);
        assert!(!decoder.is_within_message());
        let held = format!("{decoder:?}");
        assert!(
            held.contains("message: None") && held.contains("control: []"),
            "{held}"
        );
    }
    scratch::with_out(|out| out.resize(16 * MIB, 0));
    scratch::with_out(|out| assert!(out.capacity() <= scratch::KEEP_MAX));
}

#[test]
fn a_bomb_of_a_gibibyte_stops_at_the_limit() {
    // A mebibyte of zeros a thousand times over: each repetition is a block of its own.
    let mut once = deflated(&vec![0; MIB]);
    once.extend([0, 0, 0xFF, 0xFF]);
    let mut bomb = once.repeat(1 << 10);
    bomb.truncate(bomb.len() - 4);
    assert!(bomb.len() < 16 * MIB, "{}", bomb.len());
    let mut stream = frame(0xC2, &bomb, [0; 4]);
    let length = stream.len();
    let mut decoder = Decoder::new(DecoderLimits::new(16 * MIB), Some(DeflateParams::default()));
    // As it comes from a socket: what it inflates to is counted while it arrives, long before its end.
    let mut taken = 0;
    let error = stream.chunks_mut(4096).find_map(|piece| {
        taken += piece.len();
        decoder.decode(piece).err()
    });
    assert_eq!(error, Some(ProtocolError::MessageTooBig));
    assert!(
        taken < length / 32,
        "noticed after {taken} of {length} bytes"
    );
}
