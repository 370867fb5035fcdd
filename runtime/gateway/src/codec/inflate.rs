//! Inflating a client's message, bounded while it goes on.

use std::cell::Cell;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Event, MessageKind, ProtocolError, message, scratch};

/// What a sender leaves off the end of a message (RFC 7692, section 7.2.2).
/// Behind it stands an empty last block, so that the stream ends exactly where the message was whole: zlib alone does
/// not tell a message whose end is missing.
const TAIL: &[u8] = &[0, 0, 0xFF, 0xFF, 1, 0, 0, 0xFF, 0xFF];
/// The least that an output buffer grows by.
const GROWTH: usize = 1024;

thread_local! {
    /// The one that the thread has: it is used within one call and never held for a connection, since it takes tens of
    /// kilobytes.
    static IDLE: Cell<Option<Decompress>> = const { Cell::new(None) };
}

/// The event of a compressed message that is all there. It is inflated into the thread's buffer, so that the message
/// gets no more memory than it needs.
pub(super) fn message(
    kind: MessageKind,
    payload: &[u8],
    max: usize,
) -> Result<Event<'static>, ProtocolError> {
    scratch::with_inflated(|out| {
        inflated(kind, payload, true, out, max)?;
        let bytes = if out.capacity() > scratch::KEEP_MAX {
            // The thread would not keep it.
            let mut bytes = std::mem::take(out);
            bytes.shrink_to_fit();
            bytes
        } else {
            out.clone()
        };
        message::event(kind, bytes)
    })
}

/// Fails when the beginning of a compressed message is enough to refuse it.
pub(super) fn look(kind: MessageKind, payload: &[u8], max: usize) -> Result<(), ProtocolError> {
    scratch::with_inflated(|out| {
        inflated(kind, payload, false, out, max)?;
        if kind == MessageKind::Text && is_broken(out) {
            return Err(ProtocolError::Utf8);
        }
        Ok(())
    })
}

fn inflated(
    kind: MessageKind,
    payload: &[u8],
    whole: bool,
    out: &mut Vec<u8>,
    max: usize,
) -> Result<(), ProtocolError> {
    let mut inflater = Inflater::new();
    let result = inflater.inflate(payload, out, max).and_then(|()| {
        if whole {
            inflater.finish(out, max)
        } else {
            Ok(())
        }
    });
    inflater.give_back();
    // What came out before inflating failed is looked at first: which error it is must not depend on how much had come
    // when it was noticed.
    if result.is_err() && kind == MessageKind::Text && is_broken(out) {
        return Err(ProtocolError::Utf8);
    }
    result
}

/// Whether a text cannot become UTF-8 whatever follows.
fn is_broken(text: &[u8]) -> bool {
    simdutf8::compat::from_utf8(text).is_err_and(|error| error.error_len().is_some())
}

/// Inflates one message, in as many pieces as it comes in.
#[derive(Debug)]
struct Inflater {
    state: Decompress,
    /// Whether nothing was read since a block that said it is the last (or since the beginning).
    ended: bool,
}

impl Inflater {
    fn new() -> Self {
        // The largest window reads what was written with any.
        Self {
            state: IDLE.take().unwrap_or_else(|| Decompress::new(false)),
            ended: true,
        }
    }

    fn give_back(mut self) {
        self.state.reset(false);
        IDLE.set(Some(self.state));
    }

    /// Appends to `out` what `input` inflates to, up to `max` bytes in all.
    fn inflate(
        &mut self,
        mut input: &[u8],
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<(), ProtocolError> {
        let state = &mut self.state;
        while !input.is_empty() || out.len() == out.capacity() {
            if out.len() == out.capacity() {
                // Doubled, but never further than the limit and the byte that breaks it.
                let room = max.saturating_add(1).saturating_sub(out.len());
                out.reserve_exact(out.len().max(GROWTH).min(room.max(1)));
            }
            let (read, written) = (state.total_in(), out.len());
            let result = state.decompress_vec(input, out, FlushDecompress::Sync);
            // First, whether or not more went wrong behind it: a buffer with room from earlier got more at once than
            // one that grew for this message, and what is told and looked at afterwards must not depend on it.
            if out.len() > max {
                out.truncate(max.saturating_add(1));
                return Err(ProtocolError::MessageTooBig);
            }
            let status = result.map_err(|_| ProtocolError::Deflate)?;
            // Not more than `input` has.
            let used = (state.total_in() - read) as usize;
            input = input.get(used..).unwrap_or_default();
            if status == Status::StreamEnd {
                // A last block is allowed anywhere (section 7.2.3.4); what follows is a stream of its own.
                state.reset(false);
                self.ended = true;
            } else {
                self.ended &= used == 0;
                if used == 0 && out.len() == written && out.len() < out.capacity() {
                    return if input.is_empty() {
                        Ok(())
                    } else {
                        Err(ProtocolError::Deflate)
                    };
                }
            }
        }
        Ok(())
    }

    /// The end of the message.
    fn finish(&mut self, out: &mut Vec<u8>, max: usize) -> Result<(), ProtocolError> {
        if self.ended {
            return Ok(());
        }
        self.inflate(TAIL, out, max)?;
        if self.ended {
            Ok(())
        } else {
            Err(ProtocolError::Deflate)
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    fn deflated(payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 64);
        Compress::new(Compression::fast(), false)
            .compress_vec(payload, &mut out, FlushCompress::Sync)
            .unwrap();
        out
    }

    #[test]
    fn a_bomb_grows_no_further_than_the_limit() {
        const MAX: usize = 1 << 20;
        // A gibibyte of zeros, in blocks of a mebibyte.
        let bomb = deflated(&vec![0; 1 << 20]).repeat(1 << 10);
        for step in [bomb.len(), 4096, 1] {
            let mut out = Vec::new();
            let mut inflater = Inflater::new();
            let error = bomb
                .chunks(step)
                .find_map(|piece| inflater.inflate(piece, &mut out, MAX).err());
            assert_eq!(error, Some(ProtocolError::MessageTooBig), "{step}");
            assert!(out.capacity() <= 2 * MAX, "{step}: {}", out.capacity());
        }
    }

    #[test]
    fn too_much_is_told_before_what_is_broken_behind_it() {
        let mut input = deflated(&[b'x'; 5000]);
        // A block of the type that does not exist.
        input.push(0b111);
        for room in [0, 64 << 10] {
            let mut out = Vec::with_capacity(room);
            let error = Inflater::new().inflate(&input, &mut out, 4096);
            assert_eq!(error, Err(ProtocolError::MessageTooBig), "{room}");
        }
    }

    #[test]
    fn what_is_left_of_too_much_is_the_same_in_any_buffer() {
        let input = deflated(&[b'x'; 5000]);
        for room in [0, 64 << 10] {
            let mut out = Vec::with_capacity(room);
            let error = Inflater::new().inflate(&input, &mut out, 4096);
            assert_eq!(error, Err(ProtocolError::MessageTooBig));
            assert_eq!(out.len(), 4097, "{room}");
        }
    }
}
