//! What a log says of each connection, call and push.
//!
//! A time here is a place in the row of entries: what stands later happened later, or at least no earlier.

mod reading;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::log::{Action, Answer, End, Kind, Log};

/// What never happened.
pub(super) const NEVER: usize = usize::MAX;

/// A call as its function saw it.
#[derive(Debug)]
pub(super) struct Call<'l> {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) connection: &'l str,
    pub(super) event_id: &'l str,
    pub(super) seq: Option<u64>,
    pub(super) text: Option<&'l str>,
    pub(super) begin: usize,
    pub(super) end: Option<(usize, &'l End)>,
}

/// A push, or one inside an answer.
#[derive(Debug)]
pub(super) struct Pushed<'l> {
    pub(super) by: Option<u64>,
    pub(super) action: Option<&'l Action>,
    /// To whom, of one inside an answer.
    pub(super) reply_to: Option<&'l str>,
    pub(super) asked: usize,
    /// When its answer was there. One inside an answer is known to be queued when the next call begins.
    pub(super) answered: usize,
    pub(super) answer: Option<&'l Answer>,
}

impl<'l> Pushed<'l> {
    pub(super) fn is_ok(&self) -> bool {
        self.answer.is_some_and(|answer| answer.err_no == 0)
    }

    /// Whether a broadcast says that it was not queued to this one.
    pub(super) fn left_out(&self, id: &str) -> bool {
        self.answer
            .is_some_and(|answer| answer.list.iter().any(|failed| failed == id))
    }

    pub(super) fn broadcast(&self) -> Option<(&'l [String], &'l str)> {
        match self.action? {
            Action::Broadcast { rooms, text } => Some((rooms, text)),
            _ => None,
        }
    }
}

/// What a client saw.
#[derive(Debug, Default)]
pub(super) struct Seat<'l> {
    pub(super) connection: Option<&'l str>,
    pub(super) opened: Option<usize>,
    pub(super) sent: Vec<(usize, &'l str)>,
    pub(super) received: Vec<(usize, &'l str)>,
    pub(super) close: Option<(usize, u16)>,
    pub(super) caught_up: Option<usize>,
    refused: Option<usize>,
    /// The first thing of its own that may have ended its connection.
    may_end: Option<usize>,
    paused: Option<usize>,
}

/// What is known of a connection.
#[derive(Debug)]
pub(super) struct Connection<'l> {
    pub(super) client: Option<&'l str>,
    pub(super) connects: Vec<u64>,
    pub(super) messages: Vec<u64>,
    pub(super) closes: Vec<u64>,
    /// Its messages may be handled at once.
    pub(super) unordered: bool,
    /// When messages could not be sent to the function.
    unreached: Vec<usize>,
    /// When something first happened that may have ended it.
    pub(super) may_end: usize,
    /// From when on it is out of Open for certain.
    pub(super) out: usize,
    /// From when on a close is queued for certain, so that no push or join is accepted.
    pub(super) last: usize,
}

#[derive(Debug)]
pub(super) struct Facts<'l> {
    pub(super) log: &'l Log,
    pub(super) connections: BTreeMap<&'l str, Connection<'l>>,
    pub(super) seats: BTreeMap<&'l str, Seat<'l>>,
    pub(super) calls: BTreeMap<u64, Call<'l>>,
    /// In the order in which they were asked.
    pub(super) pushes: Vec<Pushed<'l>>,
    /// Which push a text that a client may get is of.
    pub(super) texts: BTreeMap<&'l str, usize>,
    /// Each from when it is about to be killed, for it lives for a moment after that is logged, to its next start.
    kills: Vec<Range<usize>>,
    function_kills: Vec<usize>,
    pub(super) stops: Vec<usize>,
    pub(super) settled: Option<usize>,
}

impl<'l> Facts<'l> {
    /// Microseconds at an entry.
    pub(super) fn time(&self, at: usize) -> u64 {
        self.log.time(at)
    }

    /// Whether a call was over for the gateway when another event of the connection began: it had ended, it was cut
    /// off, or it had all the time that it may have.
    pub(super) fn is_over(&self, call: &Call<'_>, by: usize) -> bool {
        let cut = |kills: &[usize]| kills.iter().any(|at| (call.begin..by).contains(at));
        if self.killed_between(call.begin, by) || cut(&self.function_kills) || cut(&self.stops) {
            return true;
        }
        let rules = &self.log.rules;
        let waited = self.time(by) + rules.slack * 1000
            >= self.time(call.begin) + (rules.invoke_timeout + rules.call_grace) * 1000;
        match call.end {
            Some((_, End::Abandoned)) | None => waited,
            Some((at, _)) => at < by || waited,
        }
    }

    /// Whether the gateway has certainly got this answer: it came in time, and nobody was killed meanwhile.
    pub(super) fn was_heard(&self, call: &Call<'_>, within: u64) -> bool {
        let Some((end, _)) = call.end else {
            return false;
        };
        let rules = &self.log.rules;
        let after = self.log.after(end);
        let disturbed = [&self.function_kills, &self.stops]
            .into_iter()
            .flatten()
            .any(|at| (call.begin..=after).contains(at));
        !disturbed
            && !self.killed_between(call.begin, after)
            && after < NEVER
            && self.time(end) + rules.slack * 1000 < self.time(call.begin) + within * 1000
    }

    /// Whether a connect was refused in time, if nobody was in the way.
    pub(super) fn may_be_refused(&self, connect: &Call<'_>) -> bool {
        let rules = &self.log.rules;
        let until = self.time(connect.begin)
            + (rules.invoke_timeout + rules.call_grace + rules.slack) * 1000;
        matches!(connect.end, Some((at, End::Refused)) if self.time(at) <= until)
    }

    /// How many messages between two events of a connection were given up because the function was not reached.
    pub(super) fn given_up(&self, connection: &Connection<'_>, from: usize, to: usize) -> usize {
        if self.function_kills.iter().any(|at| (from..to).contains(at)) {
            return NEVER;
        }
        let between = connection
            .unreached
            .iter()
            .filter(|at| (from..to).contains(at));
        between.count()
    }

    /// Whether the gateway may have been killed after this.
    pub(super) fn killed_after(&self, at: usize) -> bool {
        self.kills.iter().any(|kill| kill.end > at)
    }

    /// Whether the gateway may have been killed between two times.
    pub(super) fn killed_between(&self, from: usize, to: usize) -> bool {
        self.kills
            .iter()
            .any(|kill| kill.start < to && kill.end > from)
    }

    /// Whether the gateway was asked to end after this, or killed.
    pub(super) fn ended_after(&self, at: usize) -> bool {
        self.killed_after(at) || self.stops.iter().any(|stop| *stop > at)
    }

    pub(super) fn calls_of<'s>(
        &'s self,
        numbers: &'s [u64],
    ) -> impl DoubleEndedIterator<Item = &'s Call<'l>> {
        numbers.iter().filter_map(|number| self.calls.get(number))
    }

    pub(super) fn seat_of(&self, connection: &Connection<'l>) -> Option<&Seat<'l>> {
        self.seats.get(connection.client?)
    }

    /// Whether a client that was sent something after all of this must have got what was queued by then: something
    /// that was sent later has come, or the client has read on for a while.
    pub(super) fn must_have_come(&self, seat: &Seat<'_>, queued: usize) -> Option<usize> {
        seat.opened?;
        let later = seat.received.iter().find_map(|(at, text)| {
            let push = self.pushes.get(*self.texts.get(text)?)?;
            (push.asked > queued).then_some(*at)
        });
        later.or(seat
            .caught_up
            .filter(|at| *at >= self.log.after(queued) && queued < NEVER))
    }
}

impl Log {
    fn time(&self, at: usize) -> u64 {
        // What never happened is late, whatever is added to it.
        self.entries.get(at).map_or(u64::MAX / 2, |entry| entry.at)
    }

    /// The first entry at which what happened at this one can be seen everywhere.
    fn after(&self, at: usize) -> usize {
        let Some(entry) = self.entries.get(at) else {
            return NEVER;
        };
        let seen = entry.at + self.rules.slack * 1000;
        let first = at + self.entries[at..].partition_point(|entry| entry.at <= seen);
        if first == self.entries.len() {
            NEVER
        } else {
            first
        }
    }
}
