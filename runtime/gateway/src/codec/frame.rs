//! Frame headers (RFC 6455, section 5.2): reading a client's, writing ours, and the mask.

use super::ProtocolError;

/// The most bytes that the payload of a control frame has (RFC 6455, section 5.5).
pub const CONTROL_MAX: usize = 125;
/// The longest header a client sends: two bytes, a 64-bit length, the mask.
pub(super) const HEADER_MAX: usize = 14;
/// The longest header a server sends: no mask.
pub(super) const SERVER_HEADER_MAX: usize = 10;

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xA;
pub(super) const FIN: u8 = 0x80;
pub(super) const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const OPCODE: u8 = 0x0F;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7F;
/// In place of a length: two bytes of it follow, or eight.
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// Text or binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

impl MessageKind {
    pub(super) const fn opcode(self) -> u8 {
        match self {
            Self::Text => 0x1,
            Self::Binary => 0x2,
        }
    }
}

/// What a frame is, with the rules about opcodes already applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Start(MessageKind),
    Continuation,
    Close,
    Ping,
    Pong,
}

impl FrameKind {
    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A client's frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: FrameKind,
    pub(super) fin: bool,
    pub(super) rsv1: bool,
    /// Bytes of payload.
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

impl Header {
    /// Reads a header from the start of `bytes`: it and its length, or `None` when more bytes are needed.
    ///
    /// The checks run in the order of the bytes, so that where a stream is cut never changes which one fails.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        let fin = first & FIN != 0;
        let rsv1 = first & RSV1 != 0;
        if first & RSV2_RSV3 != 0 {
            return Err(ProtocolError::ReservedBit);
        }
        let kind = match first & OPCODE {
            CONTINUATION => FrameKind::Continuation,
            0x1 => FrameKind::Start(MessageKind::Text),
            0x2 => FrameKind::Start(MessageKind::Binary),
            CLOSE => FrameKind::Close,
            PING => FrameKind::Ping,
            PONG => FrameKind::Pong,
            opcode => return Err(ProtocolError::Opcode(opcode)),
        };
        if rsv1 && !matches!(kind, FrameKind::Start(_)) {
            return Err(ProtocolError::ReservedBit);
        }
        if kind.is_control() && !fin {
            return Err(ProtocolError::Control);
        }
        let Some((&second, rest)) = rest.split_first() else {
            return Ok(None);
        };
        if second & MASKED == 0 {
            return Err(ProtocolError::Unmasked);
        }
        let short = second & LENGTH;
        if kind.is_control() && usize::from(short) > CONTROL_MAX {
            return Err(ProtocolError::Control);
        }
        if kind == FrameKind::Close && short == 1 {
            return Err(ProtocolError::Close);
        }
        let (length, rest) = match short {
            LENGTH_16 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            LENGTH_64 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            _ => (u64::from(short), rest),
        };
        let minimal = match short {
            LENGTH_16 => length >= u64::from(LENGTH_16),
            LENGTH_64 => length > u64::from(u16::MAX) && length >> 63 == 0,
            _ => true,
        };
        if !minimal {
            return Err(ProtocolError::Length);
        }
        let Some((&mask, rest)) = rest.split_first_chunk() else {
            return Ok(None);
        };
        let header = Self {
            kind,
            fin,
            rsv1,
            length,
            mask,
        };
        Ok(Some((header, bytes.len() - rest.len())))
    }
}

/// The header of a server's frame: the bytes and how many of them count.
pub(super) fn server_header(first: u8, length: usize) -> ([u8; SERVER_HEADER_MAX], usize) {
    let mut header = [0; SERVER_HEADER_MAX];
    header[0] = first;
    let used = if let (Ok(short), true) = (u8::try_from(length), length <= CONTROL_MAX) {
        header[1] = short;
        2
    } else if let Ok(length) = u16::try_from(length) {
        header[1] = LENGTH_16;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        4
    } else {
        header[1] = LENGTH_64;
        // A `usize` has at most 64 bits on every target of Rust.
        header[2..].copy_from_slice(&(length as u64).to_be_bytes());
        SERVER_HEADER_MAX
    };
    (header, used)
}

/// Takes the mask off `payload`, whose first byte is byte `offset` of its frame.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4], offset: u64) {
    // The remainder is below four: nothing is cut off.
    let mut mask = u32::from_ne_bytes(mask);
    let turned = (offset % 4) as u32 * 8;
    mask = if cfg!(target_endian = "big") {
        mask.rotate_left(turned)
    } else {
        mask.rotate_right(turned)
    };
    let bytes = mask.to_ne_bytes();
    let wide = u64::from(mask) << 32 | u64::from(mask);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(bytes.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
        Header::read(bytes)
    }

    #[test]
    fn lengths_must_be_minimal() {
        assert_eq!(
            read(&[0x82, 0xFE, 0, 125, 0, 0, 0, 0]),
            Err(ProtocolError::Length)
        );
        assert_eq!(
            read(&[0x82, 0xFE, 0, 126, 0, 0, 0, 0])
                .unwrap()
                .unwrap()
                .0
                .length,
            126
        );
        let mut long = [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0];
        assert_eq!(read(&long), Err(ProtocolError::Length));
        long[7] = 1;
        long[8] = 0;
        long[9] = 0;
        assert_eq!(
            read(&long).unwrap().unwrap(),
            (
                Header {
                    kind: FrameKind::Start(MessageKind::Binary),
                    fin: true,
                    rsv1: false,
                    length: 65_536,
                    mask: [0; 4],
                },
                14
            )
        );
        long[2] = 0x80;
        assert_eq!(read(&long), Err(ProtocolError::Length));
    }

    #[test]
    fn refused_at_the_first_byte_that_tells() {
        for (bytes, error) in [
            (&[0x81, 0x00][..], ProtocolError::Unmasked),
            (&[0xA1], ProtocolError::ReservedBit),
            (&[0x91], ProtocolError::ReservedBit),
            (&[0xC0], ProtocolError::ReservedBit),
            (&[0xC9], ProtocolError::ReservedBit),
            (&[0x83], ProtocolError::Opcode(3)),
            (&[0x8B], ProtocolError::Opcode(11)),
            (&[0x09], ProtocolError::Control),
            (&[0x89, 0xFE], ProtocolError::Control),
            (&[0x88, 0x81], ProtocolError::Close),
        ] {
            assert_eq!(read(bytes), Err(error), "{bytes:x?}");
        }
    }

    #[test]
    fn the_mask_turns_with_the_offset() {
        let plain: Vec<u8> = (0..100).collect();
        let mask = [1, 2, 3, 4];
        let masked: Vec<u8> = plain
            .iter()
            .enumerate()
            .map(|(i, b)| b ^ mask[i % 4])
            .collect();
        for cut in 0..=plain.len() {
            let mut copy = masked.clone();
            let (head, tail) = copy.split_at_mut(cut);
            unmask(head, mask, 0);
            unmask(tail, mask, cut as u64);
            assert_eq!(copy, plain, "cut at {cut}");
        }
    }

    #[test]
    fn our_headers_are_minimal() {
        for (length, expected) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let (header, used) = server_header(0x82, length);
            assert_eq!(used, expected);
            // The same bytes with the mask bit and a mask are a client's header.
            let mut client = header[..used].to_vec();
            client[1] |= MASKED;
            client.extend([0; 4]);
            assert_eq!(read(&client).unwrap().unwrap().0.length, length as u64);
        }
    }
}
