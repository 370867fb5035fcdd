//! The pauses between deliveries of a close event.

use std::time::Duration;

/// The first pause before a close event that failed is sent again; each further pause is twice the one before.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause: a function that is back after an outage gets its closes within five minutes.
const MAX: Duration = Duration::from_secs(300);

/// How long to wait before the next try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    pause: Duration,
}

impl Retry {
    pub(crate) const fn new() -> Self {
        Self { pause: FIRST }
    }

    /// The next pause. `jitter` is a number from 0 to 1: between half of the pause and all of it, so that what failed
    /// together does not come back together.
    pub(crate) fn next(&mut self, jitter: f64) -> Duration {
        let pause = self.pause.mul_f64(0.5 + 0.5 * jitter);
        self.pause = (self.pause * 2).min(MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let mut retry = Retry::new();
        let pauses: Vec<u64> = (0..11).map(|_| retry.next(1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(Retry::new().next(0.0), Duration::from_millis(500));
    }
}
