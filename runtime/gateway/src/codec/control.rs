//! Control frames of ours: a ping, and the pong that answers one.

use bytes::Bytes;

use super::frame::{CONTROL_MAX, FIN, PING, PONG};

/// A ping without a payload: which of our pings a pong answers does not matter, only that one came.
#[must_use]
pub fn ping() -> Bytes {
    Bytes::from_static(&[FIN | PING, 0])
}

/// The answer to a ping with this payload, of which more than 125 bytes are cut off: a ping has no more.
#[must_use]
pub fn pong(payload: &[u8]) -> Bytes {
    frame(FIN | PONG, payload)
}

/// A control frame.
pub(super) fn frame(first: u8, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(CONTROL_MAX)];
    let mut frame = Vec::with_capacity(2 + payload.len());
    // At most 125, which is a length of seven bits.
    frame.extend([first, payload.len() as u8]);
    frame.extend_from_slice(payload);
    frame.into()
}
