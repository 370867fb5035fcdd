//! How a failing API is waited out.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use crate::serve::jittered;

/// The wait after the first failure: a restart takes about that long.
const FIRST: Duration = Duration::from_millis(50);

/// No wait is longer (twice, with jitter): an API that is back is found within seconds.
const LONGEST: Duration = Duration::from_secs(5);

/// One line in this time, however often it fails: the log of a function is paid for.
const LINE_EVERY: Duration = Duration::from_secs(60);

/// Counts failures in a row.
pub(super) struct Backoff {
    failures: u32,
    logged: Option<Instant>,
}

impl Backoff {
    pub(super) const fn new() -> Self {
        Self {
            failures: 0,
            logged: None,
        }
    }

    /// One more failure: how long to wait now.
    pub(super) fn failed(&mut self, call: &str, error: &impl Display) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let now = Instant::now();
        if self.logged.is_none_or(|at| now - at >= LINE_EVERY) {
            self.logged = Some(now);
            tracing::warn!(
                call,
                failures = self.failures,
                "the runtime API does not answer as it should: {error}; trying again"
            );
        }
        let doubled = FIRST.saturating_mul(1_u32 << (self.failures - 1).min(16));
        jittered(doubled.min(LONGEST))
    }

    /// A call worked.
    pub(super) fn worked(&mut self) {
        if self.failures > 0 {
            tracing::debug!(failures = self.failures, "the runtime API answers again");
        }
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_is_bounded() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..100).map(|_| backoff.failed("next", &"no")).collect();
        assert!(waits[0] >= FIRST && waits[0] <= FIRST * 2);
        assert!(waits[3] > waits[0]);
        assert!(waits.iter().all(|wait| *wait <= LONGEST * 2));
        backoff.worked();
        assert!(backoff.failed("next", &"no") <= FIRST * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_line_a_minute() {
        let mut backoff = Backoff::new();
        let mut lines = 0;
        for _ in 0..180 {
            let before = backoff.logged;
            backoff.failed("next", &"no");
            lines += u32::from(backoff.logged != before);
            backoff.worked();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(lines, 3);
    }
}
