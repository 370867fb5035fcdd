//! A message that comes in pieces: in several frames, or in a frame that is not read yet.

use std::borrow::Cow;

use super::inflate::Inflater;
use super::{Event, MessageKind, ProtocolError};

/// What there is of a message.
#[derive(Debug)]
pub(super) struct Partial {
    kind: MessageKind,
    /// What was received, unmasked and inflated.
    bytes: Vec<u8>,
    /// How much of a text is known to be UTF-8.
    valid: usize,
    inflater: Option<Inflater>,
    /// Frames that were begun.
    pub(super) fragments: usize,
}

impl Partial {
    pub(super) fn new(kind: MessageKind, compressed: bool) -> Self {
        Self {
            kind,
            bytes: Vec::new(),
            valid: 0,
            inflater: compressed.then(Inflater::new),
            fragments: 0,
        }
    }

    /// Whether its frames are compressed.
    pub(super) const fn is_compressed(&self) -> bool {
        self.inflater.is_some()
    }

    /// Bytes so far.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// More of it, unmasked.
    pub(super) fn push(&mut self, received: &[u8], max: usize) -> Result<(), ProtocolError> {
        let inflated = match &mut self.inflater {
            Some(inflater) => inflater.inflate(received, &mut self.bytes, max),
            None => {
                self.bytes.extend_from_slice(received);
                Ok(())
            }
        };
        // What came out before inflating failed is looked at first: which error it is must not depend on where the
        // bytes were cut.
        self.check_text(false)?;
        inflated
    }

    /// All of it was pushed.
    pub(super) fn finish(mut self, max: usize) -> Result<Event<'static>, ProtocolError> {
        if let Some(inflater) = &mut self.inflater {
            let finished = inflater.finish(&mut self.bytes, max);
            self.check_text(false)?;
            finished?;
        }
        self.check_text(true)?;
        // What grew by doubling is held no larger than it is.
        self.bytes.shrink_to_fit();
        match self.kind {
            MessageKind::Binary => Ok(Event::Binary(Cow::Owned(self.bytes))),
            MessageKind::Text => match String::from_utf8(self.bytes) {
                Ok(text) => Ok(Event::Text(Cow::Owned(text))),
                Err(_) => Err(ProtocolError::Utf8),
            },
        }
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
