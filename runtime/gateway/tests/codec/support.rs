//! A client's frames, and what a decoder makes of them.

use wsfn_gateway::codec::{
    Decoder, DecoderLimits, DeflateParams, Event, MessageKind, ProtocolError, close, control,
    encode_into,
};

/// Small, so that limits are met by short inputs.
pub(crate) const MAX_MESSAGE: usize = 4096;

/// A mask whose bytes differ, one of them zero.
pub(crate) const MASK: [u8; 4] = [7, 0, 255, 9];

/// One frame of a client.
pub(crate) fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    frame
}

/// Bytes that do not compress, the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut chance = 1u32;
    let mut next = || {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (chance >> 24) as u8
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

/// What a compressed message has for a payload.
pub(crate) fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut state = flate2::Compress::new(flate2::Compression::fast(), false);
    out.reserve(payload.len() + payload.len() / 8 + 64);
    state
        .compress_vec(payload, &mut out, flate2::FlushCompress::Sync)
        .unwrap();
    assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
    out.truncate(out.len() - 4);
    out
}

/// The code with which a client that sends this is closed.
pub(crate) fn refused(stream: &[u8], deflate: Option<DeflateParams>) -> Option<u16> {
    decode(stream, &[usize::MAX], deflate)
        .error
        .map(|error| error.close_code().0)
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Decoded {
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) error: Option<ProtocolError>,
    /// What an echo server would have written.
    pub(crate) out: Vec<u8>,
}

/// Decodes `bytes` in pieces of these lengths, in turn.
pub(crate) fn decode(bytes: &[u8], cuts: &[usize], deflate: Option<DeflateParams>) -> Decoded {
    decode_up_to(MAX_MESSAGE, bytes, cuts, deflate)
}

/// Decodes messages of so many bytes at the most.
pub(crate) fn decode_up_to(
    max: usize,
    bytes: &[u8],
    cuts: &[usize],
    deflate: Option<DeflateParams>,
) -> Decoded {
    let mut decoder = Decoder::new(DecoderLimits::new(max), deflate);
    let mut decoded = Decoded {
        events: Vec::new(),
        error: None,
        out: Vec::new(),
    };
    let mut bytes = bytes.to_vec();
    let mut rest = &mut bytes[..];
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (mut piece, behind) = rest.split_at_mut((*cut).clamp(1, rest.len()));
        rest = behind;
        while !piece.is_empty() {
            let length = piece.len();
            match decoder.decode(piece) {
                Ok((used, event)) => {
                    assert!(
                        event.is_some() || used == length,
                        "nothing found, and stopped"
                    );
                    if let Some(event) = event {
                        echo(&event, deflate, &mut decoded.out);
                        decoded.events.push(event.into_owned());
                    }
                    piece = &mut piece[used..];
                }
                Err(error) => {
                    decoded.out.extend_from_slice(&close::refusal(error));
                    decoded.error = Some(error);
                    return decoded;
                }
            }
        }
    }
    decoded
}

fn echo(event: &Event<'_>, deflate: Option<DeflateParams>, out: &mut Vec<u8>) {
    let deflate = deflate.as_ref().map(|params| (params, 64));
    match event {
        Event::Text(text) => encode_into(out, MessageKind::Text, text.as_bytes(), deflate),
        Event::Binary(data) => encode_into(out, MessageKind::Binary, data, deflate),
        Event::Ping(payload) => out.extend_from_slice(&control::pong(payload)),
        Event::Close(frame) => out.extend_from_slice(&close::answer(frame)),
        _ => {}
    }
}
