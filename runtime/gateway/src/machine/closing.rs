//! The close event, until it is answered, and the end behind it.

use tokio::time::Instant;

use super::{Ending, Limits, Machine, Output, Phase, Retry, Socket};

/// Where the close event stands.
#[derive(Debug)]
pub(super) struct Waiting {
    since: Instant,
    pub(super) at: Option<Instant>,
    retry: Retry,
}

impl Machine {
    /// From Draining to Closing: no call is in flight or due, and what the event says is known.
    pub(super) fn close_if_done(&mut self, now: Instant, _limits: &Limits, out: &mut Vec<Output>) {
        if self.phase != Phase::Draining || !self.calls.is_empty() || self.waiting > 0 {
            return;
        }
        let Some(ending) = &self.ending else {
            return;
        };
        self.phase = Phase::Closing;
        self.closing = Some(Box::new(Waiting {
            since: now,
            at: None,
            retry: Retry::new(),
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
        let Some(waiting) = &mut self.closing else {
            return;
        };
        if answered {
            self.forget(out);
        } else if now.duration_since(waiting.since) >= limits.close_retry_for {
            out.push(Output::GiveUp);
            self.forget(out);
        } else {
            waiting.at = Some(now + waiting.retry.next(jitter));
        }
    }

    pub(super) fn forget(&mut self, out: &mut Vec<Output>) {
        if self.phase != Phase::Closing {
            // Refused: the driver closes the socket behind its answer.
            self.socket = Socket::Ended;
        }
        self.phase = Phase::Ended;
        self.closing = None;
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
