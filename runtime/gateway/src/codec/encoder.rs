//! Messages of ours as frames.

use std::sync::OnceLock;

use bytes::Bytes;

use super::frame::{FIN, MessageKind, RSV1, SERVER_HEADER_MAX, server_header};
use super::{DeflateParams, deflate};

/// A message for one socket or for many: encoded once, compressed once, and shared without a copy.
#[derive(Debug)]
pub struct SharedMessage {
    kind: MessageKind,
    plain: Bytes,
    /// Bytes of the header of `plain`.
    header: usize,
    compress_above: Option<usize>,
    /// With the largest window, which nearly every client accepts. `None` inside: it is no smaller.
    compressed: OnceLock<Option<Bytes>>,
}

impl SharedMessage {
    /// A message with this payload; a text has to be UTF-8. Payloads of `compress_above` bytes and more are
    /// compressed for the sockets that can; `None` keeps it plain.
    #[must_use]
    pub fn new(kind: MessageKind, payload: &[u8], compress_above: Option<usize>) -> Self {
        let (header, used) = server_header(FIN | kind.opcode(), payload.len());
        let mut plain = Vec::with_capacity(used + payload.len());
        plain.extend_from_slice(&header[..used]);
        plain.extend_from_slice(payload);
        Self {
            kind,
            plain: plain.into(),
            header: used,
            compress_above,
            compressed: OnceLock::new(),
        }
    }

    /// The frame for a socket.
    #[must_use]
    pub fn frame(&self, deflate: Option<&DeflateParams>) -> Bytes {
        let payload = &self.plain[self.header..];
        let (Some(params), Some(above)) = (deflate, self.compress_above) else {
            return self.plain.clone();
        };
        if payload.len() < above {
            return self.plain.clone();
        }
        let make = || compressed(self.kind, payload, *params);
        let compressed = if *params == DeflateParams::default() {
            self.compressed.get_or_init(make).clone()
        } else {
            make()
        };
        compressed.unwrap_or_else(|| self.plain.clone())
    }

    /// Bytes of the payload.
    #[must_use]
    pub fn len(&self) -> usize {
        self.plain.len() - self.header
    }

    /// Whether the payload is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The compressed frame, where it is smaller.
fn compressed(kind: MessageKind, payload: &[u8], params: DeflateParams) -> Option<Bytes> {
    // A gap for the longest header, in front of which the real one is put.
    let mut frame = vec![0; SERVER_HEADER_MAX];
    if !deflate::deflate(params, payload, &mut frame) {
        return None;
    }
    let length = frame.len() - SERVER_HEADER_MAX;
    if length >= payload.len() && !payload.is_empty() {
        return None;
    }
    let (header, used) = server_header(FIN | RSV1 | kind.opcode(), length);
    let start = SERVER_HEADER_MAX - used;
    frame[start..SERVER_HEADER_MAX].copy_from_slice(&header[..used]);
    frame.shrink_to_fit();
    Some(Bytes::from(frame).slice(start..))
}

/// Appends the frame of a message for one socket to `out`, compressed from `compress_above` bytes on where the
/// socket can.
pub fn encode_into(
    out: &mut Vec<u8>,
    kind: MessageKind,
    payload: &[u8],
    deflate: Option<(&DeflateParams, usize)>,
) {
    if let Some((params, above)) = deflate
        && payload.len() >= above
        && let Some(frame) = compressed(kind, payload, *params)
    {
        return out.extend_from_slice(&frame);
    }
    let (header, used) = server_header(FIN | kind.opcode(), payload.len());
    out.extend_from_slice(&header[..used]);
    out.extend_from_slice(payload);
}
