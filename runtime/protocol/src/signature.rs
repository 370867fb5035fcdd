//! Signatures of what our gateway sends to functions.

use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The names of the headers that our gateway adds to an event, in lower case.
pub mod header {
    /// `1`: pushes inside a reply are understood.
    pub const GATEWAY: &str = "wsfn-gateway";
    /// Unique per event; the same when an event is delivered again.
    pub const EVENT_ID: &str = "wsfn-event-id";
    /// Counts the events that were sent for a connection.
    pub const SEQ: &str = "wsfn-seq";
    /// The session of the connection: [`SessionValue::to_header`](crate::SessionValue::to_header).
    pub const SESSION: &str = "wsfn-session";
    /// The trace that the event belongs to (W3C Trace Context).
    pub const TRACE_PARENT: &str = "traceparent";
    /// When it was signed, in milliseconds since 1970.
    pub const TIMESTAMP: &str = "wsfn-timestamp";
    /// Which secret it was signed with: [`Key::id`](super::Key::id).
    pub const KEY: &str = "wsfn-key";
    /// The signature, in hexadecimal.
    pub const SIGNATURE: &str = "wsfn-signature";
}

/// What a signature covers.
///
/// A signature is the HMAC-SHA256, in hexadecimal, of these joined by line breaks behind `v1`. Every sending is signed
/// anew, so that one that is seen twice was sent by somebody who listened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    /// What it is for; `invoke` where an event is sent to a function.
    pub purpose: &'a str,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// `POST`.
    pub method: &'a str,
    /// As in the request line, with the query.
    pub path: &'a str,
    /// `Wsfn-Event-Id`.
    pub event_id: &'a str,
    /// `Wsfn-Session`; empty where that header is not.
    pub session: &'a str,
    /// Every byte of it.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// The `timestamp` of what is signed now, by the wall clock: it is what two machines have in common.
    #[must_use]
    pub fn now() -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            })
    }
}

/// A secret that signs. `Debug` shows its id and not the secret.
///
/// ```
/// use wsfn_protocol::{Key, Signed};
/// let key = Key::new(b"0123456789abcdef");
/// let signed = Signed {
///     purpose: "invoke",
///     timestamp: 1_700_000_000_000,
///     method: "POST",
///     path: "/event-invoke",
///     event_id: "e-1",
///     session: "0",
///     body: b"{}",
/// };
/// let signature = key.sign(&signed);
/// assert!(key.verify(&signed, &signature));
/// assert!(!key.verify(&Signed { body: b"{ }", ..signed }, &signature));
/// ```
#[derive(Clone)]
pub struct Key {
    mac: Hmac<Sha256>,
    id: String,
}

/// What the id of a key is made from; no request is ever signed with it.
const ID_OF: &[u8] = b"wsfn key id";

/// Bytes of the id of a key: enough to tell two apart.
const ID_BYTES: usize = 4;

impl Key {
    /// A key of this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        // A key of HMAC may have any length; were it refused, an empty one would sign differently and verify nothing.
        let mac = Hmac::<Sha256>::new_from_slice(secret)
            .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        let id = mac.clone().chain_update(ID_OF).finalize().into_bytes();
        Self {
            id: hex(&id[..ID_BYTES]),
            mac,
        }
    }

    /// Eight hexadecimal digits that tell this secret from another without giving it away (`Wsfn-Key`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The signature, in hexadecimal (`Wsfn-Signature`).
    #[must_use]
    pub fn sign(&self, signed: &Signed<'_>) -> String {
        hex(&self.of(signed).finalize().into_bytes())
    }

    /// Whether the signature is of this secret and covers exactly this. The time that it takes says nothing of where
    /// two signatures differ.
    #[must_use]
    pub fn verify(&self, signed: &Signed<'_>, signature: &str) -> bool {
        unhex(signature).is_some_and(|bytes| self.of(signed).verify_slice(&bytes).is_ok())
    }

    fn of(&self, signed: &Signed<'_>) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        let timestamp = signed.timestamp.to_string();
        for part in [
            "v1",
            signed.purpose,
            &timestamp,
            signed.method,
            signed.path,
            signed.event_id,
            signed.session,
        ] {
            mac.update(part.as_bytes());
            mac.update(b"\n");
        }
        mac.chain_update(signed.body)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Bytes in hexadecimal, in lower case, as signatures are written.
///
/// ```
/// assert_eq!(wsfn_protocol::hex(&[0, 0x5a, 255]), "005aff");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .bytes()
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty()
        .then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
