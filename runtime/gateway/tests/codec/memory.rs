//! What a connection holds while it waits, when too much comes, and after a large message.

use allocation_counter::measure;
use wsfn_gateway::codec::{
    Decoder, DecoderLimits, DeflateParams, Event, MessageKind, ProtocolError, SharedMessage,
    encode_into, scratch,
};

use crate::support::{deflated, frame, noise};

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
/// Decoders that wait at once, so that what a thread keeps for all of them is a small part.
const MANY: usize = 200;

#[test]
fn an_idle_decoder_is_small() {
    // With a few thousand bytes for a connection in all, this one is not to be seen.
    assert!(size_of::<Decoder>() <= 128, "{}", size_of::<Decoder>());
}

/// Bytes on the heap for each of many decoders that have read `received` and wait for more.
fn waiting(received: &[u8]) -> usize {
    let limits = DecoderLimits::new(MIB);
    let mut decoders = Vec::with_capacity(MANY);
    let held = measure(|| {
        for _ in 0..MANY {
            let mut decoder = Decoder::new(limits, Some(DeflateParams::default()));
            // As a socket delivers it.
            for piece in received.to_vec().chunks_mut(1400) {
                let length = piece.len();
                assert_eq!(decoder.decode(piece), Ok((length, None)));
            }
            assert!(decoder.is_within_message());
            decoders.push(decoder);
        }
    });
    let each = usize::try_from(held.bytes_current).unwrap() / MANY;
    println!("{} bytes received, {each} held", received.len());
    each
}

#[test]
fn a_compressed_message_that_has_begun_is_small() {
    let message = deflated(b"a line of a chat");
    let fragment = frame(0x41, &message[..5], [0; 4]);
    assert!(waiting(&fragment) < KIB);
    let whole = frame(0xC1, &message, [0; 4]);
    assert!(waiting(&whole[..whole.len() - 1]) < KIB, "part of a frame");
}

#[test]
fn what_is_held_is_what_was_received_and_not_what_it_inflates_to() {
    let noise = noise(90 * KIB);
    let zeros = vec![0; MIB - 1];
    // The last is looked at while it arrives.
    for inflated in [&zeros[..100 * KIB], &zeros, &noise] {
        let fragment = frame(0x42, &deflated(inflated), [0; 4]);
        let each = waiting(&fragment);
        assert!(each < 2 * fragment.len() + KIB, "{each}");
    }
}

#[test]
fn a_length_that_is_only_announced_costs_nothing() {
    for first in [0x82, 0xC2] {
        let mut start = frame(first, &vec![0; MIB], [0; 4]);
        start.truncate(14);
        assert!(waiting(&start) < KIB);
    }
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
    let mut decoder = Decoder::new(DecoderLimits::new(16 * MIB), Some(DeflateParams::default()));
    // As it comes from a socket: what it inflates to is counted while it arrives, long before its end.
    let mut taken = 0;
    let error = stream.chunks_mut(4096).find_map(|piece| {
        taken += piece.len();
        decoder.decode(piece).err()
    });
    assert_eq!(error, Some(ProtocolError::MessageTooBig));
    assert!(
        taken <= 16 * MIB / 64 + 4096,
        "noticed after {taken} of {} bytes",
        bomb.len()
    );
}

#[test]
fn a_large_message_leaves_nothing_on_the_heap() {
    let params = DeflateParams::default();
    let mut decoder = Decoder::new(DecoderLimits::new(16 * MIB), Some(params));
    let mut echo = |size: usize| {
        let data = vec![b'x'; size];
        for mut stream in [
            frame(0x82, &data, [0; 4]),
            frame(0xC2, &deflated(&data), [0; 4]),
        ] {
            // As a socket delivers it: no read is as large as the message.
            let mut seen = 0;
            for piece in stream.chunks_mut(scratch::READ_SIZE) {
                let length = piece.len();
                let (used, event) = decoder.decode(piece).unwrap();
                assert_eq!(used, length);
                let Some(Event::Binary(data)) = event else {
                    continue;
                };
                seen += data.len();
                for deflate in [None, Some((&params, 0))] {
                    scratch::with_out(|out| {
                        encode_into(out, MessageKind::Binary, &data, deflate);
                    });
                }
                let _ =
                    SharedMessage::new(MessageKind::Binary, &data, Some(0)).frame(Some(&params));
            }
            assert_eq!(seen, size);
        }
    };
    // What a thread keeps for all its connections.
    echo(KIB);
    let large = measure(|| echo(16 * MIB));
    assert!(large.bytes_max > 16 << 20, "{large:?}");
    // The two buffers that may keep some.
    let kept = 2 * scratch::KEEP_MAX as i64;
    assert!(large.bytes_current <= kept, "{large:?}");
}
