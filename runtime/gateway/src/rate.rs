//! How many messages a second.

use std::time::Duration;

use tokio::time::Instant;

/// A number of messages a second, on average and at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// What one message takes of the time.
    each: Duration,
}

/// For how long what was not used is saved up: a second's messages may come at once.
const BURST: Duration = Duration::from_secs(1);

impl Rate {
    pub(crate) fn per_second(messages: usize) -> Self {
        let messages = u32::try_from(messages).unwrap_or(u32::MAX).max(1);
        Self {
            each: BURST / messages,
        }
    }

    /// Whether a message may come now. `used` is until when the time is used up: nothing else is remembered of a
    /// connection (the generic cell rate algorithm).
    pub(crate) fn allows(self, used: &mut Option<Instant>, now: Instant) -> bool {
        let next = used.map_or(now, |used| used.max(now)) + self.each;
        let allowed = next <= now + BURST;
        if allowed {
            *used = Some(next);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_the_average() {
        let rate = Rate::per_second(10);
        let mut used = None;
        let burst = (0..20)
            .filter(|_| rate.allows(&mut used, Instant::now()))
            .count();
        assert_eq!(burst, 10);
        let mut more = 0;
        for _ in 0..50 {
            tokio::time::advance(Duration::from_millis(20)).await;
            more += usize::from(rate.allows(&mut used, Instant::now()));
        }
        assert_eq!(more, 10);
        tokio::time::advance(Duration::from_secs(60)).await;
        let burst = (0..20)
            .filter(|_| rate.allows(&mut used, Instant::now()))
            .count();
        assert_eq!(burst, 10, "more than a second was saved up");
    }
}
