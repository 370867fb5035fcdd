//! Whether an event comes from a gateway that knows the secret.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::HeaderMap;
use tokio::time::Instant;
use wsfn_protocol::{Key, header};
use wsfn_settings::Secret;

/// How far the clock that signed may be from ours: machines that set their clocks are within a second, and the longer
/// it is, the more signatures have to be remembered.
const WINDOW: Duration = Duration::from_secs(60);

/// For how long a signature that was seen could pass again: from a clock ahead of ours to one behind.
const MEMORY: Duration = WINDOW.saturating_mul(2);

/// Signatures that are remembered within that time. More events are refused rather than let one pass twice; at 8,000
/// events a second one process has other worries.
const SEEN_MAX: usize = 1_000_000;

/// Checks signatures, and remembers them.
pub(crate) struct Signatures {
    keys: Vec<Key>,
    seen: Mutex<Seen>,
}

/// Two generations: the older is dropped when the newer is as old as an event may be.
struct Seen {
    new: HashSet<u128>,
    old: HashSet<u128>,
    since: Instant,
}

/// The headers of a signed event.
pub(crate) struct Claimed {
    key: usize,
    timestamp: u64,
    event_id: String,
    session: String,
    signature: String,
}

/// What a signature has to cover.
pub(super) struct Signed<'a> {
    pub(super) claimed: &'a Claimed,
    pub(super) method: &'a str,
    /// With the query.
    pub(super) path: &'a str,
    pub(super) body: &'a [u8],
}

impl Signatures {
    /// `None` where there is no secret, so that nothing is checked.
    pub(super) fn new(secrets: &[Secret]) -> Option<Self> {
        (!secrets.is_empty()).then(|| Self {
            keys: secrets
                .iter()
                .map(|secret| Key::new(secret.expose().as_bytes()))
                .collect(),
            seen: Mutex::new(Seen {
                new: HashSet::new(),
                old: HashSet::new(),
                since: Instant::now(),
            }),
        })
    }

    /// Whether the head of a request claims to be signed, now and with a secret of ours: the body of one that does not
    /// is not read.
    pub(super) fn claimed(&self, headers: &HeaderMap) -> Result<Claimed, Refused> {
        let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(key), Some(timestamp), Some(signature)) = (
            get(header::KEY),
            get(header::TIMESTAMP),
            get(header::SIGNATURE),
        ) else {
            return Err(Refused::Unsigned);
        };
        let key = self.keys.iter().position(|known| known.id() == key);
        let key = key.ok_or(Refused::Secret)?;
        let timestamp: u64 = timestamp.parse().map_err(|_| Refused::Unsigned)?;
        let window = u64::try_from(WINDOW.as_millis()).unwrap_or(u64::MAX);
        let now = wsfn_protocol::Signed::now();
        let off = now.abs_diff(timestamp);
        if off > window {
            return Err(Refused::Clock {
                seconds: off / 1000,
                ahead: timestamp > now,
            });
        }
        Ok(Claimed {
            key,
            timestamp,
            event_id: get(header::EVENT_ID).unwrap_or_default().to_owned(),
            session: get(header::SESSION).unwrap_or_default().to_owned(),
            signature: signature.to_owned(),
        })
    }

    /// Whether the claim is true, for the first time.
    pub(super) fn check(&self, request: &Signed<'_>) -> Result<(), Refused> {
        let claimed = request.claimed;
        let signed = wsfn_protocol::Signed {
            purpose: "invoke",
            timestamp: claimed.timestamp,
            method: request.method,
            path: request.path,
            event_id: &claimed.event_id,
            session: &claimed.session,
            body: request.body,
        };
        if !self.keys[claimed.key].verify(&signed, &claimed.signature) {
            return Err(Refused::Signature);
        }
        // It is one of ours, so it has 64 digits; half of them tell it from any other.
        let number = claimed.signature.get(..32);
        let number = number.and_then(|digits| u128::from_str_radix(digits, 16).ok());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remember(number.ok_or(Refused::Signature)?, Instant::now())
    }
}

impl Seen {
    fn remember(&mut self, number: u128, now: Instant) -> Result<(), Refused> {
        let age = now.saturating_duration_since(self.since);
        if age >= MEMORY {
            self.old = std::mem::take(&mut self.new);
            self.since = now;
            if age >= MEMORY * 2 {
                self.old.clear();
            }
        }
        if self.old.contains(&number) || self.new.contains(&number) {
            return Err(Refused::Again);
        }
        if self.new.len() >= SEEN_MAX {
            return Err(Refused::Full);
        }
        self.new.insert(number);
        Ok(())
    }
}

/// Why an event is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    Unsigned,
    Secret,
    Clock { seconds: u64, ahead: bool },
    Signature,
    Query,
    Again,
    Full,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str(
                "the event is not signed, and a secret is set here: set the same one at the gateway",
            ),
            Self::Secret => f.write_str(
                "the event is signed with a secret that is not known here: set the same one on both sides",
            ),
            Self::Clock { seconds, ahead } => {
                let side = if *ahead { "ahead of" } else { "behind" };
                write!(
                    f,
                    "the clock that signed the event is {seconds} s {side} the one here, and {} s are allowed: set \
                     the clocks",
                    WINDOW.as_secs()
                )
            }
            Self::Signature => f.write_str("the signature is not that of this event"),
            Self::Query => f.write_str(
                "the address of the function URL has a query, which cannot be checked: leave it out at the gateway",
            ),
            Self::Again => f.write_str("an event with this signature was here before"),
            Self::Full => f.write_str("more events came than signatures can be remembered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> u64 {
        wsfn_protocol::Signed::now()
    }

    const SECRET: &str = "0123456789abcdef";
    const SESSION: &str = r#"7 {"name":"ada"}"#;

    fn signatures(secrets: &[&str]) -> Signatures {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Signatures::new(&secrets).expect("a secret")
    }

    fn request(secret: &str, timestamp: u64, body: &[u8]) -> hyper::http::request::Parts {
        let key = Key::new(secret.as_bytes());
        let signed = wsfn_protocol::Signed {
            purpose: "invoke",
            timestamp,
            method: "POST",
            path: "/event-invoke?x=1",
            event_id: "e-1",
            session: SESSION,
            body,
        };
        hyper::Request::post("/event-invoke?x=1")
            .header(header::KEY, key.id())
            .header(header::TIMESTAMP, timestamp)
            .header(header::EVENT_ID, "e-1")
            .header(header::SESSION, SESSION)
            .header(header::SIGNATURE, key.sign(&signed))
            .body(())
            .expect("a request")
            .into_parts()
            .0
    }

    fn check(
        signatures: &Signatures,
        head: &hyper::http::request::Parts,
        body: &[u8],
    ) -> Result<(), Refused> {
        let claimed = signatures.claimed(&head.headers)?;
        signatures.check(&Signed {
            claimed: &claimed,
            method: head.method.as_str(),
            path: head.uri.path_and_query().expect("a path").as_str(),
            body,
        })
    }

    #[test]
    fn a_signed_event_passes_once() {
        let signatures = signatures(&[SECRET]);
        let head = request(SECRET, now(), b"{}");
        assert_eq!(check(&signatures, &head, b"{}"), Ok(()));
        assert_eq!(check(&signatures, &head, b"{}"), Err(Refused::Again));
        // Signed anew, though it is the same event.
        let again = request(SECRET, now() + 1, b"{}");
        assert_eq!(check(&signatures, &again, b"{}"), Ok(()));
    }

    #[test]
    fn two_secrets_while_one_is_replaced() {
        let both = signatures(&["fedcba9876543210", SECRET]);
        for secret in [SECRET, "fedcba9876543210"] {
            assert_eq!(check(&both, &request(secret, now(), b"{}"), b"{}"), Ok(()));
        }
        let other = request("another secret!!", now(), b"{}");
        assert_eq!(check(&both, &other, b"{}"), Err(Refused::Secret));
    }

    #[test]
    fn what_is_not_true_is_refused() {
        let signatures = signatures(&[SECRET]);
        let head = request(SECRET, now(), b"{}");
        assert_eq!(check(&signatures, &head, b"{ }"), Err(Refused::Signature));
        for session in [None, Some(r#"7 {"name":"eve"}"#), Some("0")] {
            let mut other = head.clone();
            match session {
                Some(session) => other
                    .headers
                    .insert(header::SESSION, session.parse().expect("a value")),
                None => other.headers.remove(header::SESSION),
            };
            assert_eq!(check(&signatures, &other, b"{}"), Err(Refused::Signature));
        }
        let mut elsewhere = head.clone();
        elsewhere.uri = "/event-invoke?x=2".parse().expect("a path");
        assert_eq!(
            check(&signatures, &elsewhere, b"{}"),
            Err(Refused::Signature)
        );
        for name in [header::KEY, header::TIMESTAMP, header::SIGNATURE] {
            let mut without = head.clone();
            without.headers.remove(name);
            assert_eq!(check(&signatures, &without, b"{}"), Err(Refused::Unsigned));
        }
        // What was refused is not remembered.
        assert_eq!(check(&signatures, &head, b"{}"), Ok(()));
    }

    #[test]
    fn a_clock_that_is_off_has_an_error_of_its_own() {
        let signatures = signatures(&[SECRET]);
        let hour = 60 * 60 * 1000;
        let late = check(&signatures, &request(SECRET, now() - hour, b"{}"), b"{}");
        let late = late.expect_err("an hour behind").to_string();
        assert!(late.contains("s behind the one here"), "{late}");
        let early = check(&signatures, &request(SECRET, now() + hour, b"{}"), b"{}");
        assert!(matches!(early, Err(Refused::Clock { ahead: true, .. })));
    }

    #[test]
    fn what_is_remembered_is_bounded_in_time_and_number() {
        let mut seen = Seen {
            new: HashSet::new(),
            old: HashSet::new(),
            since: Instant::now(),
        };
        let start = seen.since;
        assert_eq!(seen.remember(1, start), Ok(()));
        assert_eq!(seen.remember(1, start + MEMORY), Err(Refused::Again));
        assert_eq!(seen.remember(1, start + MEMORY * 2), Ok(()));
        assert_eq!(seen.remember(2, start + MEMORY * 9), Ok(()));
        assert!(seen.old.is_empty());
        seen.new.extend(0..SEEN_MAX as u128);
        assert_eq!(
            seen.remember(u128::MAX, start + MEMORY * 9),
            Err(Refused::Full)
        );
    }
}
