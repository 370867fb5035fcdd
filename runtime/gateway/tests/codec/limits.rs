//! How much a client may send, to the byte.

use wsfn_gateway::codec::{
    Decoder, DecoderLimits, DeflateParams, Event, FRAGMENTS_MAX, ProtocolError,
};

use crate::support::{MASK, MAX_MESSAGE, decode, deflated, frame, noise, refused};

#[test]
fn limits_hold_to_the_byte_and_are_1009() {
    let deflate = Some(DeflateParams::default());
    for (length, code) in [(MAX_MESSAGE, None), (MAX_MESSAGE + 1, Some(1009))] {
        let data = vec![b'x'; length];
        let half = length / 2;
        assert_eq!(refused(&frame(0x82, &data, MASK), None), code, "plain");
        assert_eq!(
            refused(&frame(0xC2, &deflated(&data), MASK), deflate),
            code,
            "compressed"
        );
        let two = [
            frame(0x02, &data[..half], MASK),
            frame(0x80, &data[half..], MASK),
        ]
        .concat();
        assert_eq!(refused(&two, None), code, "in two frames");
    }
    // A length that is only announced is refused at once, and costs nothing.
    assert_eq!(
        refused(b"\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0", None),
        Some(1009)
    );
}

#[test]
fn a_compressed_message_that_inflates_to_nothing_is_bounded_too() {
    let deflate = Some(DeflateParams::default());
    let mut decoder = Decoder::new(DecoderLimits::new(MAX_MESSAGE), deflate);
    // Empty blocks, as large as a frame may be.
    let empty = [0, 0, 0, 0xFF, 0xFF].repeat(MAX_MESSAGE / 5);
    let mut held = 0;
    let mut first = 0x42;
    let error = loop {
        match decoder.decode(&mut frame(first, &empty, MASK)) {
            Ok((_, event)) => assert_eq!(event, None),
            Err(error) => break error,
        }
        held += empty.len();
        assert!(held <= 2 * MAX_MESSAGE, "{held}");
        first = 0x00;
    };
    assert_eq!(error, ProtocolError::MessageTooBig);
}

#[test]
fn a_message_that_does_not_shrink_may_be_as_large_as_any() {
    // Compressors that are quick use fixed codes: nine bits for half of all bytes.
    let noise: Vec<u8> = noise(MAX_MESSAGE).iter().map(|byte| byte | 0x90).collect();
    let compressed = deflated(&noise);
    assert!(compressed.len() > MAX_MESSAGE + 100);
    let stream = frame(0xC2, &compressed, MASK);
    let decoded = decode(&stream, &[usize::MAX], Some(DeflateParams::default()));
    assert_eq!(decoded.error, None);
    assert_eq!(decoded.events, [Event::Binary(noise.into())]);
}

#[test]
fn a_sender_may_flush_its_compressor_for_each_byte() {
    let mut state = flate2::Compress::new(flate2::Compression::fast(), false);
    let mut stream = Vec::new();
    let text: Vec<u8> = (0..MAX_MESSAGE).map(|at| b'a' + (at % 26) as u8).collect();
    for (at, byte) in text.iter().enumerate() {
        let mut piece = Vec::with_capacity(64);
        state
            .compress_vec(&[*byte], &mut piece, flate2::FlushCompress::Sync)
            .unwrap();
        let start = if at == 0 { 0x41 } else { 0 };
        let fin = if at + 1 == text.len() { 0x80 } else { 0 };
        if fin > 0 {
            piece.truncate(piece.len() - 4);
        }
        stream.extend(frame(start | fin, &piece, MASK));
    }
    let decoded = decode(&stream, &[1000], Some(DeflateParams::default()));
    assert_eq!(decoded.error, None);
    let text = String::from_utf8(text).unwrap();
    assert_eq!(decoded.events, [Event::Text(text.into())]);
}

#[test]
fn many_fragments_are_allowed_and_counted() {
    const { assert!(FRAGMENTS_MAX >= 65_536) };
    let mut decoder = Decoder::new(DecoderLimits::new(1 << 20), None);
    let mut start = frame(0x02, b"", MASK);
    assert_eq!(decoder.decode(&mut start), Ok((6, None)));
    for count in 1..=FRAGMENTS_MAX {
        let mut more = frame(0x00, b"", MASK);
        let result = decoder.decode(&mut more);
        if count < FRAGMENTS_MAX {
            assert_eq!(result, Ok((6, None)), "fragment {count}");
        } else {
            assert_eq!(result, Err(ProtocolError::TooManyFragments));
        }
    }
}
