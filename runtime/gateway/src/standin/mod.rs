//! A stand-in for the codec, without compression, until the codec lands.
#![allow(
    missing_docs,
    dead_code,
    clippy::all,
    unreachable_pub,
    missing_debug_implementations
)]

pub mod close;
mod error;
mod event;
mod frame;
pub mod scratch;
mod writer {
    use bytes::Bytes;
    pub(super) fn control(first: u8, payload: &[u8]) -> Bytes {
        let mut frame = vec![first, payload.len() as u8];
        frame.extend_from_slice(payload);
        frame.into()
    }
}

use std::borrow::Cow;

use bytes::Bytes;
pub use error::ProtocolError;
pub use event::{CloseFrame, Event};
pub use frame::MessageKind;
use frame::{FrameKind, Header};

pub const FRAGMENTS_MAX: usize = 1 << 20;

#[derive(Debug, Clone, Copy)]
pub struct DeflateParams;

#[derive(Debug, Clone, Copy)]
pub struct DecoderLimits {
    pub max_message: usize,
    pub max_frame: usize,
}

impl DecoderLimits {
    pub fn new(max_message: usize) -> Self {
        Self {
            max_message,
            max_frame: max_message,
        }
    }
}

#[derive(Debug)]
pub struct Decoder {
    limits: DecoderLimits,
    buffer: Vec<u8>,
    message: Vec<u8>,
    kind: Option<MessageKind>,
}

impl Decoder {
    pub fn new(limits: DecoderLimits, _deflate: Option<DeflateParams>) -> Self {
        Self {
            limits,
            buffer: Vec::new(),
            message: Vec::new(),
            kind: None,
        }
    }

    pub fn is_within_message(&self) -> bool {
        self.kind.is_some() || !self.buffer.is_empty()
    }

    /// One frame at a time: what is needed of `bytes` is taken.
    pub fn decode<'b>(
        &mut self,
        bytes: &'b mut [u8],
    ) -> Result<(usize, Option<Event<'b>>), ProtocolError> {
        let mut consumed = 0;
        loop {
            let header = Header::read(&self.buffer)?;
            let need = match header {
                None => self.buffer.len() + 1,
                Some((header, head)) => {
                    let length = header.length as usize;
                    if !header.kind.is_control()
                        && self.message.len() + length > self.limits.max_message
                    {
                        return Err(ProtocolError::MessageTooBig);
                    }
                    if header.rsv1 {
                        return Err(ProtocolError::ReservedBit);
                    }
                    match (header.kind, self.kind) {
                        (FrameKind::Continuation, None) | (FrameKind::Start(_), Some(_)) => {
                            return Err(ProtocolError::Continuation);
                        }
                        _ => {}
                    }
                    head + length
                }
            };
            if self.buffer.len() < need {
                let take = (need - self.buffer.len()).min(bytes.len() - consumed);
                if take == 0 {
                    return Ok((consumed, None));
                }
                self.buffer
                    .extend_from_slice(&bytes[consumed..consumed + take]);
                consumed += take;
                continue;
            }
            let Some((header, head)) = header else {
                continue;
            };
            let mut frame = std::mem::take(&mut self.buffer);
            let payload = &mut frame[head..];
            frame::unmask(payload, header.mask, 0);
            let payload = payload.to_vec();
            match header.kind {
                FrameKind::Ping => return Ok((consumed, Some(Event::Ping(payload.into())))),
                FrameKind::Pong => return Ok((consumed, Some(Event::Pong(payload.into())))),
                FrameKind::Close => {
                    if payload.is_empty() {
                        return Ok((
                            consumed,
                            Some(Event::Close(CloseFrame {
                                code: None,
                                reason: "".into(),
                            })),
                        ));
                    }
                    let code =
                        wsfn_protocol::CloseCode(u16::from_be_bytes([payload[0], payload[1]]));
                    if !code.may_be_sent() {
                        return Err(ProtocolError::Close);
                    }
                    let reason = String::from_utf8(payload[2..].to_vec())
                        .map_err(|_| ProtocolError::Utf8)?;
                    return Ok((
                        consumed,
                        Some(Event::Close(CloseFrame {
                            code: Some(code),
                            reason: reason.into(),
                        })),
                    ));
                }
                FrameKind::Start(kind) => self.kind = Some(kind),
                FrameKind::Continuation => {}
            }
            self.message.extend_from_slice(&payload);
            if header.fin {
                let message = std::mem::take(&mut self.message);
                let event = match self.kind.take() {
                    Some(MessageKind::Text) => Event::Text(Cow::Owned(
                        String::from_utf8(message).map_err(|_| ProtocolError::Utf8)?,
                    )),
                    _ => Event::Binary(Cow::Owned(message)),
                };
                return Ok((consumed, Some(event)));
            }
        }
    }
}

#[derive(Debug)]
pub struct SharedMessage(Bytes);

impl SharedMessage {
    pub fn new(kind: MessageKind, payload: &[u8], _compress_above: Option<usize>) -> Self {
        let (header, used) = frame::server_header(0x80 | kind.opcode(), payload.len());
        let mut frame = Vec::with_capacity(used + payload.len());
        frame.extend_from_slice(&header[..used]);
        frame.extend_from_slice(payload);
        Self(frame.into())
    }

    pub fn frame(&self, _deflate: Option<&DeflateParams>) -> Bytes {
        self.0.clone()
    }
}

pub fn pong(payload: &[u8]) -> Bytes {
    writer::control(0x8a, payload)
}

pub fn ping() -> Bytes {
    writer::control(0x89, b"")
}
