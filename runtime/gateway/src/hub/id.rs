//! Connection ids: like the original's, 16 bytes in base64.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chance::Chance;

/// The bytes that name the gateway's instance (its data directory, once there is one): with several gateways an id
/// alone then tells where to push.
pub(crate) const INSTANCE: usize = 4;
/// Random bytes behind them: nobody guesses one, and no two are equal.
const RANDOM: usize = 12;
/// How much of an id stands in a log line: enough to follow a connection, too little to push to it.
const SHOWN: usize = 6;

/// A new id.
///
/// # Errors
/// When the system has no random numbers, without which an id could be guessed.
pub(crate) fn new(instance: [u8; INSTANCE], chance: &Chance) -> Result<Arc<str>, getrandom::Error> {
    let mut bytes = [0; INSTANCE + RANDOM];
    bytes[..INSTANCE].copy_from_slice(&instance);
    chance.fill(&mut bytes[INSTANCE..])?;
    let mut text = [0; 24];
    match STANDARD.encode_slice(bytes, &mut text) {
        Ok(length) => Ok(String::from_utf8_lossy(&text[..length]).into()),
        // 16 bytes are 24 characters: this is not reached, and a longer id were as good.
        Err(_) => Ok(STANDARD.encode(bytes).into()),
    }
}

/// What of an id may stand in a log: its random end's last characters, since the beginning is the same for all.
pub(crate) fn shown(id: &str) -> &str {
    // The last two characters are padding in every id of ours.
    let end = id.trim_end_matches('=').len();
    let start = end.saturating_sub(SHOWN);
    id.get(start..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_the_originals() {
        let (a, b) = (
            new([1; 4], &Chance::System).unwrap(),
            new([1; 4], &Chance::System).unwrap(),
        );
        assert_eq!((a.len(), STANDARD.decode(&*a).unwrap().len()), (24, 16));
        assert_eq!(a[..5], b[..5]);
        assert_ne!(a, b);
        assert_ne!(shown(&a), shown(&b));
        assert_eq!(shown(&a).len(), 6);
    }

    #[test]
    fn any_text_can_be_shown() {
        for text in ["", "=", "ä", "ääääääää", "abc"] {
            assert!(shown(text).len() <= 6);
        }
    }
}
