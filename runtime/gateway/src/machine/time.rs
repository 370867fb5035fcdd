//! What the time alone makes happen.

use tokio::time::Instant;

use super::{CallError, Ending, Flight, Lane, Limits, Machine, Output, Phase, Socket};
use crate::limit::Limit;

impl Machine {
    /// When the machine wants [`Input::Tick`](super::Input::Tick) if nothing else happens before.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let over = |flight: &Flight| match *flight {
            Flight::Sent(sent) => Some(sent + limits.invoke_timeout),
            Flight::Late(sent) => Some(sent + limits.invoke_timeout + limits.call_grace),
            Flight::Queued | Flight::Delivering => None,
        };
        let call = self.calls.iter().filter_map(over).min();
        let socket = match self.socket {
            Socket::ClosePending { until, .. } | Socket::CloseSent { until } => Some(until),
            Socket::Live | Socket::Lingering | Socket::Ended => None,
        };
        // Before Open there is nothing to write it to; after, the socket's own deadline counts.
        let pushed = self
            .pushed_close
            .as_ref()
            .filter(|_| self.phase == Phase::Open)
            .map(|(_, until)| *until);
        let last_start = self
            .drained_from
            .filter(|_| self.waiting > 0)
            .map(|from| from + limits.invoke_timeout);
        let retry = self.closing.as_ref().and_then(|waiting| waiting.at);
        [call, socket, pushed, last_start, retry, self.recording]
            .into_iter()
            .flatten()
            .min()
    }

    /// The limits that are reached when it gets [`Input::Tick`](super::Input::Tick) at this time, to be counted. One
    /// that has an output of its own is not among them.
    pub(crate) fn reached(&self, now: Instant, limits: &Limits) -> impl Iterator<Item = Limit> {
        let becomes_late = |flight: &&Flight| matches!(**flight, Flight::Sent(sent) if now >= sent + limits.invoke_timeout);
        // Each call counts.
        let late = self.calls.iter().filter(becomes_late).count();
        let is_over = self.is_pushed_close_over(now)
            || matches!(
                self.socket,
                Socket::ClosePending { until, .. } | Socket::CloseSent { until } if now >= until
            );
        let unrecorded = self.recording.is_some_and(|until| now >= until);
        let others = [
            is_over.then_some(Limit::CloseTimeout),
            unrecorded.then_some(Limit::HandshakeTimeout),
        ];
        std::iter::repeat_n(Limit::InvokeTimeout, late).chain(others.into_iter().flatten())
    }

    /// Whether the call is late.
    pub(crate) fn is_late(&self, lane: Lane) -> bool {
        matches!(self.calls.get(lane), Some(Flight::Late(_)))
    }

    /// Whether a pushed close of an open connection had its time.
    fn is_pushed_close_over(&self, now: Instant) -> bool {
        let until = self.pushed_close.as_ref().map(|(_, until)| *until);
        self.socket == Socket::Live
            && self.phase == Phase::Open
            && until.is_some_and(|until| now >= until)
    }

    pub(super) fn tick(&mut self, now: Instant, limits: &Limits, out: &mut Vec<Output>) {
        if self.recording.is_some_and(|until| now >= until) {
            self.not_recorded(out);
            return;
        }
        for lane in 0..self.calls.end() {
            self.tick_call(now, lane, limits, out);
        }
        match self.socket {
            Socket::Live if self.is_pushed_close_over(now) => {
                self.lost_by = Some(Limit::CloseTimeout);
                self.lost(out);
                self.drain(now, limits, out);
            }
            Socket::ClosePending { until, .. } | Socket::CloseSent { until } if now >= until => {
                self.lost_by = Some(Limit::CloseTimeout);
                self.cut(now, limits, out);
            }
            _ => {}
        }
        if self.phase == Phase::Draining && self.waiting > 0 {
            if self
                .drained_from
                .is_some_and(|from| now >= from + limits.invoke_timeout)
            {
                self.drop_messages(out);
            }
            self.close_if_done(now, limits, out);
        }
        if let (Phase::Closing, Some(waiting), Some(ending)) =
            (self.phase, &mut self.closing, &self.ending)
            && waiting.at.is_some_and(|at| now >= at)
        {
            waiting.at = None;
            out.push(Output::CallClose(Ending::clone(ending)));
        }
    }

    fn tick_call(&mut self, now: Instant, lane: Lane, limits: &Limits, out: &mut Vec<Output>) {
        let Some(flight @ (Flight::Sent(sent) | Flight::Late(sent))) =
            self.calls.get(lane).copied()
        else {
            return;
        };
        let late = sent + limits.invoke_timeout;
        if matches!(flight, Flight::Sent(_)) && now >= late {
            self.calls.put(lane, Flight::Late(sent));
            match self.phase {
                Phase::Registering if !self.handshake_over => {
                    self.handshake_over = true;
                    self.socket = Socket::Ended;
                    out.push(Output::Reject(504));
                    // Nobody is there any more whom a push could reach or a join could count.
                    out.push(Output::Seal);
                }
                Phase::Open => self.message_failed(now, lane, CallError::Late, limits, out),
                _ => {}
            }
        }
        if now >= late + limits.call_grace {
            self.calls.take(lane);
            out.push(Output::AbandonCall(lane));
            match self.phase {
                Phase::Registering => {
                    self.lost(out);
                    self.drain(now, limits, out);
                }
                Phase::Open => self.next_message(now, limits, out),
                Phase::Draining => {
                    self.next_message(now, limits, out);
                    self.close_if_done(now, limits, out);
                }
                Phase::Handshaking | Phase::Closing | Phase::Ended => {}
            }
        }
    }
}
