//! A message that comes in several frames, or in a frame that is not read yet.

use std::borrow::Cow;

use super::{Event, MessageKind, ProtocolError, inflate};

/// A compressed message is looked at for the first time when this share of `max-message` has come: few messages that
/// may be sent are so well compressed that they break the limit sooner, and most are inflated once, at their end.
const LOOK_SHARE: usize = 64;
/// How much longer the message is at each further look. There are three or four of them before it is as large as
/// `max-message`, and together they cost a third more than the last one.
const LOOK_AGAIN: usize = 4;

/// What there is of a message. It holds what was received, unmasked: neither what that inflates to, which may be a
/// thousand times as much, nor an inflater, which is larger than most messages.
#[derive(Debug)]
pub(super) struct Partial {
    kind: MessageKind,
    compressed: bool,
    bytes: Vec<u8>,
    /// How much of a plain text is known to be UTF-8.
    valid: usize,
    /// With how many bytes a compressed message is looked at.
    look_at: usize,
    /// Frames that were begun.
    pub(super) fragments: usize,
}

impl Partial {
    /// A message that inflates to at most `max` bytes.
    pub(super) fn new(kind: MessageKind, compressed: bool, max: usize) -> Self {
        Self {
            kind,
            compressed,
            bytes: Vec::new(),
            valid: 0,
            look_at: (max / LOOK_SHARE).max(1),
            fragments: 0,
        }
    }

    /// Whether its frames are compressed.
    pub(super) const fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// Bytes so far, as received.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// More of it, unmasked.
    pub(super) fn push(&mut self, mut received: &[u8], max: usize) -> Result<(), ProtocolError> {
        if !self.compressed {
            self.bytes.extend_from_slice(received);
            return self.check_text(false);
        }
        while !received.is_empty() {
            // Looked at with exactly so many bytes, however they were cut.
            let room = self.look_at.saturating_sub(self.bytes.len());
            let (now, later) = received.split_at(received.len().min(room));
            self.bytes.extend_from_slice(now);
            received = later;
            if self.bytes.len() == self.look_at {
                inflate::look(self.kind, &self.bytes, max)?;
                self.look_at = self.look_at.saturating_mul(LOOK_AGAIN);
            }
        }
        Ok(())
    }

    /// All of it was pushed.
    pub(super) fn finish(mut self, max: usize) -> Result<Event<'static>, ProtocolError> {
        if self.compressed {
            return inflate::message(self.kind, &self.bytes, max);
        }
        self.check_text(true)?;
        // What grew by doubling is held no larger than it is.
        self.bytes.shrink_to_fit();
        event(self.kind, self.bytes)
    }

    /// Fails as soon as a text cannot become UTF-8 any more, and not only at its end.
    fn check_text(&mut self, whole: bool) -> Result<(), ProtocolError> {
        if self.kind == MessageKind::Binary {
            return Ok(());
        }
        let rest = self.bytes.get(self.valid..).unwrap_or_default();
        match simdutf8::compat::from_utf8(rest) {
            Ok(_) => self.valid = self.bytes.len(),
            Err(error) if error.error_len().is_some() || whole => return Err(ProtocolError::Utf8),
            Err(error) => self.valid += error.valid_up_to(),
        }
        Ok(())
    }
}

/// The event of a message with this payload.
pub(super) fn event(kind: MessageKind, bytes: Vec<u8>) -> Result<Event<'static>, ProtocolError> {
    match kind {
        MessageKind::Binary => Ok(Event::Binary(Cow::Owned(bytes))),
        MessageKind::Text => match String::from_utf8(bytes) {
            Ok(text) => Ok(Event::Text(Cow::Owned(text))),
            Err(_) => Err(ProtocolError::Utf8),
        },
    }
}
