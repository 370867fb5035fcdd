//! Waits that do not fall on the same moment everywhere.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// `wait`, up to twice as long: whoever failed at one moment does not try again at one moment.
pub(crate) fn jittered(wait: Duration) -> Duration {
    // Each `RandomState` has keys of its own; that is random enough for a wait, and needs no crate.
    let random = RandomState::new().hash_one(0) >> 32;
    let share = u32::try_from(random).unwrap_or(u32::MAX);
    wait + wait.mul_f64(f64::from(share) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_once_and_twice_and_not_always_the_same() {
        let wait = Duration::from_secs(1);
        let waits: Vec<_> = (0..32).map(|_| jittered(wait)).collect();
        assert!(waits.iter().all(|w| (wait..=wait * 2).contains(w)));
        assert!(waits.iter().any(|w| *w != waits[0]));
    }
}
