//! What has happened, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wsfn_protocol::{ErrNo, Kind};

use crate::invoke::InvokeError;
use crate::limit::Limit;

/// Upper bounds of the classes of call times, in seconds: a function at hand, one over a network, one that works, and
/// the default of `invoke-timeout`.
pub(crate) const SECONDS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0];

/// The statuses with which a handshake is turned away.
pub(crate) const STATUSES: [u16; 11] = [400, 403, 404, 405, 408, 426, 429, 431, 502, 503, 504];

/// What a push may be answered with.
pub(crate) const PUSHES: [ErrNo; 8] = [
    ErrNo::OK,
    ErrNo::GONE,
    ErrNo::TOO_LARGE,
    ErrNo::QUEUE_FULL,
    ErrNo::BAD_PUSH,
    ErrNo::FORBIDDEN,
    ErrNo::CONFLICT,
    ErrNo::BUSY,
];

/// What comes of a call.
pub(crate) const OUTCOMES: [&str; 6] = [
    "answered",
    "refused",
    "not_sent",
    "queue_full",
    "late",
    "failed",
];

/// Which of [`OUTCOMES`] it is. `refused` is whether a connect was answered with another errNo than 0.
pub(crate) const fn outcome(refused: Result<bool, &InvokeError>) -> usize {
    match refused {
        Ok(false) => 0,
        Ok(true) => 1,
        Err(InvokeError::NotSent) => 2,
        Err(InvokeError::QueueFull) => 3,
        Err(InvokeError::TimedOut) => 4,
        Err(InvokeError::Failed(_)) => 5,
    }
}

/// The kinds of events, in the order of [`Counters::calls`].
pub(crate) const KINDS: [(Kind, &str); 3] = [
    (Kind::Connect, "connect"),
    (Kind::Message, "message"),
    (Kind::Close, "close"),
];

/// A number that only grows. Each is by itself: nothing is concluded from the order in which two of them change.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The calls for one kind of event.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) outcomes: [Count; OUTCOMES.len()],
    /// Calls that took at most as long as the class says and longer than the class before; above all of them, none.
    pub(crate) classes: [Count; SECONDS.len()],
    pub(crate) microseconds: Count,
}

/// Everything that is counted. One per gateway.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: [Calls; KINDS.len()],
    pub(crate) turned_away: [Count; STATUSES.len()],
    pub(crate) pushes: [Count; PUSHES.len()],
    /// Received, and dropped because the connection ended before the function could take them.
    pub(crate) dropped_messages: Count,
    /// Close events that were not answered within `close-retry-for`.
    pub(crate) given_up_closes: Count,
    /// How often each limit was reached, in the order of [`Limit::ALL`].
    limits: [Count; Limit::ALL.len()],
}

impl Counters {
    /// A call has ended. `refused` is whether it answered a connect with another errNo than 0.
    pub(crate) fn call(&self, kind: Kind, answered: Result<bool, &InvokeError>, took: Duration) {
        let Some(at) = KINDS.iter().position(|(known, _)| *known == kind) else {
            return;
        };
        let calls = &self.calls[at];
        calls.outcomes[outcome(answered)].add(1);
        let seconds = took.as_secs_f64();
        if let Some(class) = SECONDS.iter().position(|most| seconds <= *most) {
            calls.classes[class].add(1);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        calls.microseconds.add(microseconds);
    }

    /// A handshake was answered with something else than 101.
    pub(crate) fn turned_away(&self, status: u16) {
        if let Some(at) = STATUSES.iter().position(|known| *known == status) {
            self.turned_away[at].add(1);
        }
    }

    /// A limit was reached.
    pub(crate) fn reached(&self, limit: Limit) {
        self.limits[limit as usize].add(1);
    }

    /// How often each limit was reached, by its name.
    pub(crate) fn limits(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = Limit::ALL.iter().map(|(_, name)| *name);
        names.zip(self.limits.iter().map(Count::get))
    }

    /// A push was answered.
    pub(crate) fn push(&self, err_no: ErrNo) {
        if let Some(at) = PUSHES.iter().position(|known| *known == err_no) {
            self.pushes[at].add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_once_in_its_class() {
        let counters = Counters::default();
        let took = Duration::from_millis(3);
        counters.call(Kind::Message, Ok(false), took);
        counters.call(
            Kind::Message,
            Err(&InvokeError::TimedOut),
            Duration::from_secs(100),
        );
        counters.call(Kind::Connect, Ok(true), took);
        let messages = &counters.calls[1];
        let outcomes: Vec<u64> = messages.outcomes.iter().map(Count::get).collect();
        assert_eq!(outcomes, [1, 0, 0, 0, 1, 0]);
        let classes: Vec<u64> = messages.classes.iter().map(Count::get).collect();
        assert_eq!(classes, [0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(messages.microseconds.get(), 100_003_000);
        assert_eq!(counters.calls[0].outcomes[1].get(), 1);
    }
}
