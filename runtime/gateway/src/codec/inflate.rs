//! Inflating a client's message, bounded while it goes on.

use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress, Status};

use super::ProtocolError;

/// Inflaters that a thread keeps: more are in use at once only where many messages are under way.
const POOL: usize = 8;
/// What a sender leaves off the end of a message (RFC 7692, section 7.2.2).
/// Behind it stands an empty last block, so that the stream ends exactly where the message was whole: zlib alone does
/// not tell a message whose end is missing.
const TAIL: &[u8] = &[0, 0, 0xFF, 0xFF, 1, 0, 0, 0xFF, 0xFF];
/// The least that an output buffer grows by.
const GROWTH: usize = 1024;

thread_local! {
    static IDLE: RefCell<Vec<Decompress>> = const { RefCell::new(Vec::new()) };
}

/// Inflates one message, in as many pieces as it comes in. Taken from the thread's pool and given back.
#[derive(Debug)]
pub(super) struct Inflater {
    /// `None` only while it is dropped.
    state: Option<Decompress>,
    /// Whether nothing was read since a block that said it is the last (or since the beginning).
    ended: bool,
}

impl Inflater {
    pub(super) fn new() -> Self {
        let idle = IDLE.with_borrow_mut(Vec::pop);
        // The largest window reads what was written with any.
        Self {
            state: Some(idle.unwrap_or_else(|| Decompress::new(false))),
            ended: true,
        }
    }

    /// Appends to `out` what `input` inflates to, up to `max` bytes in all.
    pub(super) fn inflate(
        &mut self,
        mut input: &[u8],
        out: &mut Vec<u8>,
        max: usize,
    ) -> Result<(), ProtocolError> {
        let Some(state) = &mut self.state else {
            return Err(ProtocolError::Deflate);
        };
        while !input.is_empty() || out.len() == out.capacity() {
            if out.len() == out.capacity() {
                // Doubled, but never further than the limit and the byte that breaks it.
                let room = (max + 1).saturating_sub(out.len());
                out.reserve_exact(out.len().max(GROWTH).min(room.max(1)));
            }
            let (read, written) = (state.total_in(), out.len());
            let status = state
                .decompress_vec(input, out, FlushDecompress::Sync)
                .map_err(|_| ProtocolError::Deflate)?;
            // Not more than `input` has.
            let used = (state.total_in() - read) as usize;
            input = input.get(used..).unwrap_or_default();
            if out.len() > max {
                // A buffer with room from earlier got more than one that grew for this message: what is looked at
                // afterwards must not depend on it.
                out.truncate(max + 1);
                return Err(ProtocolError::MessageTooBig);
            }
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
    pub(super) fn finish(&mut self, out: &mut Vec<u8>, max: usize) -> Result<(), ProtocolError> {
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

impl Drop for Inflater {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else {
            return;
        };
        // A thread that ends has no pool any more.
        let _ = IDLE.try_with(|idle| {
            let mut idle = idle.borrow_mut();
            if idle.len() < POOL {
                state.reset(false);
                idle.push(state);
            }
        });
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
