//! Frames in, events out.

use std::borrow::Cow;

use wsfn_protocol::CloseCode;

use super::frame::{FrameKind, HEADER_MAX, Header, unmask};
use super::message::Partial;
use super::{CloseFrame, DeflateParams, Event, MessageKind, ProtocolError, inflate};

/// The most frames that a message may have. Each costs the sender six bytes and us a few nanoseconds; a million of
/// them make a message of `max-message` even where each has one byte.
pub const FRAGMENTS_MAX: usize = 1 << 20;
/// What deflate adds at the most to data that it cannot compress, as zlib reckons it: an eighth where all bytes have
/// codes of nine bits, a little for each block, and a few bytes.
const DEFLATE_CODES: usize = 8;
const DEFLATE_BLOCKS: usize = 64;
const DEFLATE_EXTRA: usize = 64;
/// What it adds for each frame of a message, since a sender flushes there: twice what zlib needs for a frame of one
/// byte.
const DEFLATE_FLUSH: usize = 16;

/// How large a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderLimits {
    /// Bytes of a whole message, inflated.
    pub max_message: usize,
    /// Bytes of one frame's payload, as sent.
    pub max_frame: usize,
}

impl DecoderLimits {
    /// At most `max_message` bytes, in frames of any size.
    #[must_use]
    pub const fn new(max_message: usize) -> Self {
        Self {
            max_message,
            max_frame: max_message,
        }
    }

    /// The most that a frame may announce.
    const fn frame(&self, compressed: bool) -> usize {
        if compressed {
            Self::deflated(self.max_frame)
        } else {
            self.max_frame
        }
    }

    /// The most that the frames of a message may announce, together and in so many.
    const fn message(&self, compressed: bool, frames: usize) -> usize {
        if compressed {
            let flushes = frames.saturating_mul(DEFLATE_FLUSH);
            Self::deflated(self.max_message).saturating_add(flushes)
        } else {
            self.max_message
        }
    }

    const fn deflated(max: usize) -> usize {
        max.saturating_add(max / DEFLATE_CODES + max / DEFLATE_BLOCKS + DEFLATE_EXTRA)
    }
}

/// Reads a client's frames. Memory grows with the bytes that were received, and never with a length that was
/// announced or with what they will inflate to; that, and how many frames a message has, is bounded while it arrives.
#[derive(Debug)]
pub struct Decoder {
    limits: DecoderLimits,
    deflate: bool,
    closed: bool,
    /// The beginning of a header that is not complete.
    header: [u8; HEADER_MAX],
    header_length: u8,
    frame: Option<Frame>,
    /// A control frame that is not complete.
    control: Vec<u8>,
    /// Behind a pointer, because most connections have none most of the time.
    message: Option<Box<Partial>>,
}

/// A frame of which not everything was read.
#[derive(Debug, Clone, Copy)]
struct Frame {
    kind: FrameKind,
    fin: bool,
    mask: [u8; 4],
    /// Bytes of the payload that were read, and that were not.
    read: u64,
    left: u64,
}

impl Decoder {
    /// For a connection on which `deflate` was agreed upon, or nothing.
    #[must_use]
    pub const fn new(limits: DecoderLimits, deflate: Option<DeflateParams>) -> Self {
        Self {
            limits,
            deflate: deflate.is_some(),
            closed: false,
            header: [0; HEADER_MAX],
            header_length: 0,
            frame: None,
            control: Vec::new(),
            message: None,
        }
    }

    /// Whether a frame or a message has begun and has not ended: `message-timeout` runs meanwhile.
    #[must_use]
    pub const fn is_within_message(&self) -> bool {
        self.message.is_some() || self.frame.is_some() || self.header_length > 0
    }

    /// Bytes of a message that is not complete.
    pub(crate) fn held(&self) -> usize {
        self.message.as_ref().map_or(0, |message| message.len())
    }

    /// Drops what is not complete: nothing will be read any more.
    pub(crate) fn forget(&mut self) {
        self.message = None;
    }

    /// Reads up to one event, and says how many bytes it took. It takes all of them when there is no event, and, once
    /// the client has sent its close, without looking at them.
    ///
    /// A message that is whole in `bytes` is unmasked there and lent from there.
    ///
    /// # Errors
    /// When the client breaks the protocol or a limit. The connection is to be closed with
    /// [`ProtocolError::close_code`], and nothing more is decoded.
    pub fn decode<'b>(
        &mut self,
        bytes: &'b mut [u8],
    ) -> Result<(usize, Option<Event<'b>>), ProtocolError> {
        let mut at = 0;
        loop {
            if self.closed {
                return Ok((bytes.len(), None));
            }
            if self.frame.is_none() {
                let (used, header) = self.read_header(&bytes[at..])?;
                at += used;
                let Some(header) = header else {
                    return Ok((at, None));
                };
                let left = bytes.len() - at;
                match usize::try_from(header.length) {
                    Ok(length) if length <= left && self.is_whole(&header) => {
                        let event = self.whole(&header, &mut bytes[at..at + length])?;
                        return Ok((at + length, Some(event)));
                    }
                    _ => self.begin(&header),
                }
            }
            let (used, event) = self.continue_frame(&mut bytes[at..])?;
            at += used;
            if event.is_some()
                || at == bytes.len() && self.frame.is_some_and(|frame| frame.left > 0)
            {
                return Ok((at, event));
            }
        }
    }

    /// The next header, once there is all of it, checked against what came before; and how many bytes it took.
    fn read_header(&mut self, bytes: &[u8]) -> Result<(usize, Option<Header>), ProtocolError> {
        let known = usize::from(self.header_length);
        let (header, used) = if known == 0 {
            match Header::read(bytes)? {
                Some((header, used)) => (header, used),
                None => {
                    // Shorter than a header.
                    self.header[..bytes.len()].copy_from_slice(bytes);
                    self.header_length = bytes.len() as u8;
                    return Ok((bytes.len(), None));
                }
            }
        } else {
            let more = bytes.len().min(HEADER_MAX - known);
            self.header[known..known + more].copy_from_slice(&bytes[..more]);
            match Header::read(&self.header[..known + more])? {
                Some((header, used)) => {
                    self.header_length = 0;
                    (header, used - known)
                }
                None => {
                    self.header_length = (known + more) as u8;
                    return Ok((more, None));
                }
            }
        };
        self.check(&header)?;
        Ok((used, Some(header)))
    }

    /// Whether the frame may come now, and may be so large.
    fn check(&self, header: &Header) -> Result<(), ProtocolError> {
        let message = self.message.as_deref();
        let compressed = match (header.kind, message) {
            (FrameKind::Close | FrameKind::Ping | FrameKind::Pong, _) => return Ok(()),
            (FrameKind::Start(_), Some(_)) | (FrameKind::Continuation, None) => {
                return Err(ProtocolError::Continuation);
            }
            (FrameKind::Start(_), None) if header.rsv1 && !self.deflate => {
                return Err(ProtocolError::ReservedBit);
            }
            (FrameKind::Start(_), None) => header.rsv1,
            (FrameKind::Continuation, Some(message)) => message.is_compressed(),
        };
        // A `usize` has at most 64 bits on every target of Rust.
        if header.length > self.limits.frame(compressed) as u64 {
            return Err(if self.limits.max_frame < self.limits.max_message {
                ProtocolError::FrameTooBig
            } else {
                ProtocolError::MessageTooBig
            });
        }
        let (before, fragments) = message.map_or((0, 0), |part| (part.len(), part.fragments));
        let max = self.limits.message(compressed, fragments + 1);
        if header.length > max.saturating_sub(before) as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        if fragments >= FRAGMENTS_MAX {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(())
    }

    /// Whether the frame is all that its event needs.
    const fn is_whole(&self, header: &Header) -> bool {
        match header.kind {
            FrameKind::Start(_) => header.fin,
            FrameKind::Continuation => false,
            FrameKind::Close | FrameKind::Ping | FrameKind::Pong => true,
        }
    }

    /// The event of a frame whose payload is all there.
    fn whole<'b>(
        &mut self,
        header: &Header,
        payload: &'b mut [u8],
    ) -> Result<Event<'b>, ProtocolError> {
        unmask(payload, header.mask, 0);
        let FrameKind::Start(kind) = header.kind else {
            return self.control(header.kind, Cow::Borrowed(payload));
        };
        if header.rsv1 {
            return inflate::message(kind, payload, self.limits.max_message);
        }
        match kind {
            MessageKind::Binary => Ok(Event::Binary(Cow::Borrowed(payload))),
            MessageKind::Text => match simdutf8::basic::from_utf8(payload) {
                Ok(text) => Ok(Event::Text(Cow::Borrowed(text))),
                Err(_) => Err(ProtocolError::Utf8),
            },
        }
    }

    fn begin(&mut self, header: &Header) {
        if let FrameKind::Start(kind) = header.kind {
            let max = self.limits.max_message;
            self.message = Some(Box::new(Partial::new(kind, header.rsv1, max)));
        }
        if !header.kind.is_control()
            && let Some(message) = &mut self.message
        {
            message.fragments += 1;
        }
        self.frame = Some(Frame {
            kind: header.kind,
            fin: header.fin,
            mask: header.mask,
            read: 0,
            left: header.length,
        });
    }

    /// Reads what there is of the frame that was begun; an event when it was its last.
    fn continue_frame(
        &mut self,
        bytes: &mut [u8],
    ) -> Result<(usize, Option<Event<'static>>), ProtocolError> {
        let Some(frame) = &mut self.frame else {
            return Ok((0, None));
        };
        let take = usize::try_from(frame.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let received = &mut bytes[..take];
        unmask(received, frame.mask, frame.read);
        frame.read += take as u64;
        frame.left -= take as u64;
        let Frame {
            kind, fin, left, ..
        } = *frame;
        if kind.is_control() {
            self.control.extend_from_slice(received);
        } else if let Some(message) = &mut self.message {
            message.push(received, self.limits.max_message)?;
        }
        if left > 0 {
            return Ok((take, None));
        }
        self.frame = None;
        if kind.is_control() {
            let payload = std::mem::take(&mut self.control);
            return Ok((take, Some(self.control(kind, Cow::Owned(payload))?)));
        }
        match self.message.take_if(|_| fin) {
            Some(message) => Ok((take, Some(message.finish(self.limits.max_message)?))),
            None => Ok((take, None)),
        }
    }

    fn control<'b>(
        &mut self,
        kind: FrameKind,
        payload: Cow<'b, [u8]>,
    ) -> Result<Event<'b>, ProtocolError> {
        match kind {
            FrameKind::Ping => return Ok(Event::Ping(payload)),
            FrameKind::Pong => return Ok(Event::Pong(payload)),
            FrameKind::Close | FrameKind::Start(_) | FrameKind::Continuation => {}
        }
        self.closed = true;
        let Some((code, reason)) = payload.split_first_chunk() else {
            // A payload of one byte was refused with its header.
            return Ok(Event::Close(CloseFrame {
                code: None,
                reason: "".into(),
            }));
        };
        let code = CloseCode(u16::from_be_bytes(*code));
        if !code.may_be_sent() {
            return Err(ProtocolError::Close);
        }
        let reason = match str::from_utf8(reason) {
            Ok(reason) => Cow::Owned(reason.to_owned()),
            Err(_) => return Err(ProtocolError::Utf8),
        };
        Ok(Event::Close(CloseFrame {
            code: Some(code),
            reason,
        }))
    }
}
