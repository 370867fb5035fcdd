//! What the time makes due.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;
use wsfn_protocol::CloseCode;

use super::Driver;
use crate::codec;
use crate::limit::Limit;
use crate::machine::{Ending, Input, Phase};

/// How soon reading is tried again after all queues together were full: nobody says when there is room.
const MEMORY_RETRY: Duration = Duration::from_millis(100);

impl Driver<'_> {
    pub(super) fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        loop {
            if let Some(input) = self.due(self.now) {
                return Poll::Ready(input);
            }
            let Some(next) = self.next_deadline() else {
                return Poll::Pending;
            };
            // A timer that rings too early costs less than one that is set anew at every message.
            if self.sleep.is_elapsed() || next < self.sleep.deadline() {
                self.sleep.as_mut().reset(next);
            }
            ready!(self.sleep.as_mut().poll(cx));
            self.now = Instant::now();
        }
    }

    /// What the time says, if anything.
    pub(super) fn due(&mut self, now: Instant) -> Option<Input> {
        let options = &self.service.options;
        let passed = |deadline: Option<Instant>| deadline.is_some_and(|at| now >= at);
        if passed(self.machine.deadline(&options.limits)) {
            let counters = self.shared.hub.counters();
            for limit in self.machine.reached(now, &options.limits) {
                counters.reached(limit);
            }
            return Some(Input::Tick);
        }
        if let Some((until, _)) = self.linger {
            return (now >= until).then_some(Input::SocketEnded);
        }
        if passed(self.write_deadline()) {
            return Some(self.stalled(Limit::WriteTimeout));
        }
        if passed(self.replies_deadline()) {
            self.reached(Limit::WriteTimeout);
            return self.give_up_replies();
        }
        if self.machine.phase() != Phase::Open {
            return None;
        }
        // Where all queues are full of messages that are not complete, nobody else ends the wait.
        if (!self.was_paused || self.paused_for_memory) && passed(self.message_deadline()) {
            self.reached(Limit::MessageTimeout);
            return Some(Input::End {
                ending: Ending::new(
                    CloseCode::POLICY,
                    "a message took longer than message-timeout",
                ),
                broken: false,
            });
        }
        if self.was_paused {
            return None;
        }
        if passed(self.pong_deadline()) {
            return Some(self.stalled(Limit::PongTimeout));
        }
        if passed(self.ping_deadline()) {
            self.ping_sent = Some(now);
            self.peer.out().set_ping(codec::control::ping());
            self.flush_soon();
        }
        if passed(self.idle_deadline()) {
            self.reached(Limit::IdleTimeout);
            return Some(Input::End {
                ending: Ending::new(CloseCode::IDLE, "no message for idle-timeout"),
                broken: false,
            });
        }
        None
    }

    /// The socket is given up.
    fn stalled(&self, limit: Limit) -> Input {
        self.reached(limit);
        Input::Stalled(limit)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let open = self.machine.phase() == Phase::Open;
        let reading = open && !self.was_paused;
        [
            self.machine.deadline(&self.service.options.limits),
            self.linger.map(|(until, _)| until),
            self.write_deadline(),
            self.replies_deadline(),
            self.pong_deadline().filter(|_| reading),
            self.ping_deadline().filter(|_| reading),
            self.idle_deadline().filter(|_| reading),
            self.message_deadline()
                .filter(|_| reading || (open && self.paused_for_memory)),
            (open && self.memory_full).then(|| self.now + MEMORY_RETRY),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn write_deadline(&self) -> Option<Instant> {
        self.reader.as_ref()?;
        Some(self.blocked_since? + self.service.options.write_timeout)
    }

    /// Of the answer that came first: the others have as long from when they came.
    fn replies_deadline(&self) -> Option<Instant> {
        self.replies.front().map(|(replies, _)| replies.until())
    }

    pub(super) fn pong_deadline(&self) -> Option<Instant> {
        Some(self.ping_sent? + self.service.options.pong_timeout)
    }

    pub(super) fn ping_deadline(&self) -> Option<Instant> {
        // One ping at a time: the next is due when something has come in.
        (self.ping_sent.is_none()).then(|| self.last_read + self.service.options.ping_interval)
    }

    pub(super) fn idle_deadline(&self) -> Option<Instant> {
        let idle = self.service.options.idle_timeout?;
        let sent = self.peer.out().last_message();
        Some(sent.map_or(self.last_message, |sent| sent.max(self.last_message)) + idle)
    }

    pub(super) fn message_deadline(&self) -> Option<Instant> {
        Some(self.message_since? + self.service.options.message_timeout)
    }
}
