//! The close handshake: which codes and reasons, and how the socket ends behind the frame.

use std::time::Duration;

use bytes::Bytes;
use wsfn_protocol::CloseCode;

use super::{
    CloseFrame, ProtocolError, control,
    frame::{CLOSE, FIN},
};

/// How long input is still read and thrown away once the server has closed its side.
///
/// A socket that is dropped with unread input sends RST, which may eat the close frame on its way. A second lets one
/// come through on any usable network.
pub const LINGER_TIME: Duration = Duration::from_secs(1);
/// The most bytes that are thrown away in that time: a client in the middle of a large message does not hold the
/// socket longer than one socket buffer does.
pub const LINGER_BYTES: usize = 64 << 10;

/// A close frame with a code and a reason.
///
/// A reason above 123 bytes is cut at the last character that fits: a push with one is refused before it comes here. A
/// code that may not be sent becomes 1000 for the same reason.
#[must_use]
pub fn frame(code: CloseCode, reason: &str) -> Bytes {
    let code = if code.may_be_sent() {
        code
    } else {
        CloseCode::NORMAL
    };
    let reason = &reason[..reason.floor_char_boundary(CloseCode::REASON_MAX)];
    let mut payload = [0; 2 + CloseCode::REASON_MAX];
    payload[..2].copy_from_slice(&code.0.to_be_bytes());
    payload[2..2 + reason.len()].copy_from_slice(reason.as_bytes());
    control::frame(FIN | CLOSE, &payload[..2 + reason.len()])
}

/// The close frame that answers a client's: its code without its reason, empty where it had none.
#[must_use]
pub fn answer(received: &CloseFrame<'_>) -> Bytes {
    match received.code {
        Some(code) => frame(code, ""),
        None => control::frame(FIN | CLOSE, &[]),
    }
}

/// The close frame for a client that broke the protocol.
#[must_use]
pub fn refusal(error: ProtocolError) -> Bytes {
    frame(error.close_code(), error.reason())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters() {
        let frame = frame(CloseCode(4000), &"ä".repeat(62));
        assert_eq!(&frame[..4], [0x88, 124, 0x0F, 0xA0]);
        assert_eq!(str::from_utf8(&frame[4..]).unwrap(), "ä".repeat(61));
    }

    #[test]
    fn only_codes_that_may_be_sent() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(&frame(CloseCode(code), "")[..], [0x88, 2, 0x03, 0xE8]);
        }
        for code in [1000, 1003, 1007, 1014, 3000, 4999] {
            assert_eq!(frame(CloseCode(code), "")[2..4], u16::to_be_bytes(code));
        }
    }

    #[test]
    fn an_empty_close_is_answered_with_one() {
        let close = CloseFrame {
            code: None,
            reason: "".into(),
        };
        assert_eq!(&answer(&close)[..], [0x88, 0]);
    }
}
