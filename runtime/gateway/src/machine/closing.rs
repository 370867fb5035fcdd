//! The close event, until it is answered, and the end behind it.

use std::time::Duration;

use tokio::time::Instant;

use super::{Ending, Limits, Machine, Output, Phase, Socket};

/// The first pause before a close event that failed is sent again; each further pause is twice the one before.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// The longest pause: a function that is back after an outage gets its closes within five minutes.
const RETRY_MAX: Duration = Duration::from_secs(300);

/// Where the retries stand.
#[derive(Debug)]
pub(super) struct Retry {
    pub(super) since: Instant,
    pub(super) at: Option<Instant>,
    pause: Duration,
}

impl Machine {
    /// From Draining to Closing: no call is in flight or due, and what the event says is known.
    pub(super) fn close_if_done(&mut self, now: Instant, _limits: &Limits, out: &mut Vec<Output>) {
        if self.phase != Phase::Draining || self.call.is_some() || self.waiting > 0 {
            return;
        }
        let Some(ending) = &self.ending else {
            return;
        };
        self.phase = Phase::Closing;
        self.retry = Some(Box::new(Retry {
            since: now,
            at: None,
            pause: RETRY_FIRST,
        }));
        out.push(Output::CallClose(Ending::clone(ending)));
    }

    pub(super) fn close_answered(
        &mut self,
        now: Instant,
        answered: bool,
        limits: &Limits,
        out: &mut Vec<Output>,
    ) {
        if self.phase != Phase::Closing {
            return;
        }
        let jitter = self.jitter();
        let Some(retry) = &mut self.retry else {
            return;
        };
        if answered {
            self.forget(out);
        } else if now.duration_since(retry.since) >= limits.close_retry_for {
            out.push(Output::GiveUp);
            self.forget(out);
        } else {
            // Between half the pause and all of it, so that closes that failed together do not come back together.
            retry.at = Some(now + retry.pause.mul_f64(0.5 + 0.5 * jitter));
            retry.pause = (retry.pause * 2).min(RETRY_MAX);
        }
    }

    pub(super) fn forget(&mut self, out: &mut Vec<Output>) {
        if self.phase != Phase::Closing {
            // Refused: the driver closes the socket behind its answer.
            self.socket = Socket::Ended;
        }
        self.phase = Phase::Ended;
        self.retry = None;
        self.pushed_close = None;
        out.push(Output::Forget);
        self.finish(out);
    }

    pub(super) fn finish(&self, out: &mut Vec<Output>) {
        if self.phase == Phase::Ended && self.socket == Socket::Ended {
            out.push(Output::End);
        }
    }

    /// A number from 0 to 1 (xorshift).
    pub(super) fn jitter(&mut self) -> f64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 17;
        self.seed ^= self.seed << 5;
        f64::from(self.seed) / f64::from(u32::MAX)
    }
}
