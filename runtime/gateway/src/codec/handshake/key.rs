//! The key of a handshake and its answer (RFC 6455, section 1.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// A key is this many bytes in base64.
const KEY_BYTES: usize = 16;

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`: proof that a WebSocket server read it.
///
/// ```
/// use wsfn_gateway::codec::handshake::accept;
/// assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(GUID);
    STANDARD.encode(hash.finalize())
}

pub(super) fn is_key(key: &str) -> bool {
    STANDARD
        .decode(key)
        .is_ok_and(|bytes| bytes.len() == KEY_BYTES)
}
