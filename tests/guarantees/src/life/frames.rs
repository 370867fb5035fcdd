//! As much of the wire as clients need: short frames, and no extension.

/// A handshake for a path.
pub(super) fn handshake(path: &str) -> Vec<u8> {
    format!(
        "GET /{path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

/// A masked frame, whose mask of zeros leaves the payload as it is.
pub(super) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).map_or(125, |length| length.min(125));
    let mut bytes = vec![0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
    bytes.extend_from_slice(&payload[..usize::from(length)]);
    bytes
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The answer to the handshake.
    Head(u16),
    Text(String),
    Ping(Vec<u8>),
    Close(u16),
    /// Pongs, and what the gateway never sends.
    Other,
}

/// What came from the gateway, piece by piece.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    open: bool,
}

impl Incoming {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next thing that is complete.
    pub(super) fn next(&mut self) -> Option<Came> {
        if !self.open {
            let end = self.bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
            let head: Vec<u8> = self.bytes.drain(..end + 4).collect();
            let status = head
                .get(9..12)
                .and_then(|status| str::from_utf8(status).ok());
            let status = status.and_then(|status| status.parse().ok()).unwrap_or(0);
            self.open = status == 101;
            if !self.open {
                self.bytes.clear();
            }
            return Some(Came::Head(status));
        }
        let (first, length) = (*self.bytes.first()?, *self.bytes.get(1)?);
        let (start, length) = match length {
            126 => {
                let long = [*self.bytes.get(2)?, *self.bytes.get(3)?];
                (4, usize::from(u16::from_be_bytes(long)))
            }
            length => (2, usize::from(length)),
        };
        if self.bytes.len() < start + length {
            return None;
        }
        let payload: Vec<u8> = self.bytes.drain(..start + length).skip(start).collect();
        Some(match first & 15 {
            1 => Came::Text(String::from_utf8_lossy(&payload).into_owned()),
            8 => Came::Close(match payload[..] {
                [high, low, ..] => u16::from_be_bytes([high, low]),
                _ => 1005,
            }),
            9 => Came::Ping(payload),
            _ => Came::Other,
        })
    }
}
