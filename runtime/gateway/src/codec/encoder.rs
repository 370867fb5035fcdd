//! Messages of ours as frames.

use std::sync::OnceLock;

use bytes::Bytes;

use super::frame::{FIN, MessageKind, RSV1, SERVER_HEADER_MAX, server_header};
use super::{DeflateParams, deflate};

/// A message for one socket or for many: encoded once, compressed once for each window, and shared without a copy.
#[derive(Debug)]
pub struct SharedMessage {
    kind: MessageKind,
    plain: Bytes,
    /// Bytes of the header of `plain`.
    header: usize,
    compress_above: Option<usize>,
    /// For each window that a socket may have agreed upon, made when the first such socket needs it. `None` inside: it
    /// is no smaller.
    compressed: [OnceLock<Option<Bytes>>; DeflateParams::WINDOWS],
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
            compressed: Default::default(),
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
        let compressed = self.compressed[params.window_index()]
            .get_or_init(|| compressed(self.kind, payload, *params));
        compressed.as_ref().unwrap_or(&self.plain).clone()
    }

    /// The frame for the only socket that gets the message.
    #[must_use]
    pub fn into_frame(self, deflate: Option<&DeflateParams>) -> Bytes {
        match (deflate, self.compress_above) {
            (Some(_), Some(above)) if self.len() >= above => self.frame(deflate),
            _ => self.plain,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Compresses to less than half with any window.
    fn payload() -> Vec<u8> {
        b"a line that is said again and again. ".repeat(100)
    }

    fn windows() -> impl Iterator<Item = DeflateParams> {
        (9..=15).filter_map(DeflateParams::new)
    }

    #[test]
    fn a_broadcast_to_mixed_windows_compresses_once_for_each() {
        assert_eq!(windows().count(), DeflateParams::WINDOWS);
        let message = SharedMessage::new(MessageKind::Text, &payload(), Some(0));
        let before = deflate::runs();
        let mut frames: Vec<Vec<Bytes>> = Vec::new();
        for _ in 0..100 {
            frames.push(
                windows()
                    .map(|params| message.frame(Some(&params)))
                    .collect(),
            );
            // Those that compress nothing take no part in it.
            assert_eq!(message.frame(None), message.plain);
        }
        assert_eq!(deflate::runs() - before, DeflateParams::WINDOWS);
        for again in &frames[1..] {
            for (frame, first) in again.iter().zip(&frames[0]) {
                assert_eq!(frame.as_ptr(), first.as_ptr(), "shared without a copy");
            }
        }
    }

    #[test]
    fn what_is_not_needed_is_not_compressed() {
        let before = deflate::runs();
        let message = SharedMessage::new(MessageKind::Text, &payload(), Some(payload().len() + 1));
        let _ = message.frame(Some(&DeflateParams::default()));
        let message = SharedMessage::new(MessageKind::Text, &payload(), None);
        let _ = message.frame(Some(&DeflateParams::default()));
        assert_eq!(deflate::runs(), before);
    }

    #[test]
    fn what_does_not_shrink_is_tried_once_and_sent_plain() {
        let message = SharedMessage::new(MessageKind::Binary, &[1, 7, 2], Some(0));
        let before = deflate::runs();
        for _ in 0..10 {
            let frame = message.frame(Some(&DeflateParams::default()));
            assert_eq!(&frame[..], [FIN | 0x2, 3, 1, 7, 2]);
        }
        assert_eq!(deflate::runs() - before, 1);
    }

    #[test]
    fn threads_share_what_one_of_them_compressed() {
        let message = SharedMessage::new(MessageKind::Text, &payload(), Some(0));
        let frames: Vec<Vec<Bytes>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        windows()
                            .map(|params| message.frame(Some(&params)))
                            .collect()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        for other in &frames[1..] {
            for (frame, first) in other.iter().zip(&frames[0]) {
                assert_eq!(frame.as_ptr(), first.as_ptr());
            }
        }
    }
}
