//! Every row of the table; random histories of it are in `lives`.
//!
//! | state | when | test |
//! |---|---|---|
//! | Handshaking | bad request, too slow, full | no machine is made: `tests/gateway/bad_input.rs`, `connecting.rs` |
//! | | journal unwritable | `without_an_entry_it_is_503_and_nothing_is_sent`; over sockets `tests/gateway/journal.rs` |
//! | | good | `the_connect_event_is_sent_once_the_entry_is_recorded`, `accepted_is_open`; pushes are held: `connecting::pushes_are_held_until_the_101` |
//! | Registering | answer 0 | `accepted_is_open` |
//! | | the 101 cannot be written | `a_101_that_cannot_be_written_is_closing` |
//! | | answer not 0 | `refused_has_no_close_event` |
//! | | not sent, queue full | `not_sent_is_502_and_a_full_queue_503_without_close_event` |
//! | | late, failed | `sent_and_failed_is_closing`, `a_late_connect_is_504_and_awaited_before_its_close` |
//! | | client gone | `a_client_that_left_is_closed_if_accepted_and_forgotten_if_refused` |
//! | | `closing` pushed | `a_close_pushed_while_registering_waits_for_the_101`, `one_pushed_to_a_refused_one_is_dropped` |
//! | | SIGTERM | `shutdown_while_registering_is_503_and_the_answer_is_awaited` |
//! | Open | message | `messages_go_one_at_a_time` |
//! | | message call failed or late | `a_failed_message_closes_and_drops_the_rest`, `a_late_message_closes_and_its_close_event_waits_for_it` |
//! | | the same with `tell` | `a_failed_message_is_told_where_that_is_wanted` |
//! | | not reachable, queue full | `a_failed_message_closes_and_drops_the_rest` |
//! | | pushed close | `messages_still_go_while_a_pushed_close_is_queued`, `a_pushed_close_that_cannot_be_written_is_cut` |
//! | | client's close, EOF | `the_clients_close_is_answered_and_messages_before_it_are_delivered`, `eof_is_1006` |
//! | | error, idle, limit | `nothing_is_read_after_broken_frames`, `ours_is_answered_within_close_timeout_or_cut` |
//! | | shutdown | `shutdown_while_open_closes_and_delivers_what_was_received` |
//! | Draining | | `no_call_starts_later_than_invoke_timeout_after_the_end`, `closes_that_cross` |
//! | Closing | | `a_close_event_is_retried_with_growing_pauses_and_given_up`, `an_answered_close_event_waits_for_the_socket_only` |

mod lives;
mod unordered;

use std::time::Duration;

use tokio::time::Instant;
use wsfn_protocol::CloseCode;

use super::{CallError, Ending, Input, Limits, Machine, Output, Phase};
use crate::limit::Limit;

const LIMITS: Limits = Limits {
    invoke_timeout: Duration::from_secs(30),
    call_grace: Duration::from_secs(900),
    close_timeout: Duration::from_secs(5),
    close_retry_for: Duration::from_secs(3600),
    handshake_timeout: Duration::from_secs(10),
    journal: false,
    tell: false,
};

/// A machine with a clock of its own.
struct Life {
    machine: Machine,
    now: Instant,
    limits: Limits,
}

impl Life {
    fn new() -> Self {
        Self {
            machine: Machine::new(7),
            now: Instant::now(),
            limits: LIMITS,
        }
    }

    fn recording() -> Self {
        let mut life = Self::new();
        life.limits.journal = true;
        assert_eq!(life.on(Input::Handshake), [Output::Record]);
        assert_eq!(life.deadline(), Some(LIMITS.handshake_timeout));
        life
    }

    fn telling() -> Self {
        let mut life = Self::new();
        life.limits.tell = true;
        life
    }

    fn on(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.machine.handle(self.now, input, &self.limits, &mut out);
        out
    }

    fn registering() -> Self {
        let mut life = Self::new();
        assert_eq!(life.on(Input::Handshake), [Output::CallConnect]);
        life.on(Input::Sent(0));
        assert_eq!(life.machine.phase(), Phase::Registering);
        life
    }

    fn open() -> Self {
        let mut life = Self::registering();
        life.open_up();
        life
    }

    fn open_up(&mut self) {
        assert_eq!(self.on(Input::Accepted), [Output::Upgrade]);
        assert_eq!(self.on(Input::Upgraded(true)), [Output::Open]);
        assert_eq!(self.machine.phase(), Phase::Open);
    }

    /// Open, with a message at the function.
    fn busy() -> Self {
        let mut life = Self::open();
        assert_eq!(life.on(Input::Message), [Output::CallMessage(0)]);
        life.on(Input::Sent(0));
        life
    }

    fn tick_after(&mut self, time: Duration) -> Vec<Output> {
        self.now += time;
        self.on(Input::Tick)
    }

    fn deadline(&self) -> Option<Duration> {
        let deadline = self.machine.deadline(&self.limits)?;
        Some(deadline.duration_since(self.now))
    }
}

fn ending(code: u16) -> Ending {
    Ending::new(CloseCode(code), "")
}

fn lost() -> Output {
    Output::CallClose(ending(1006))
}

fn end(code: u16, broken: bool) -> Input {
    let ending = ending(code);
    Input::End { ending, broken }
}

#[test]
fn the_connect_event_is_sent_once_the_entry_is_recorded() {
    let mut life = Life::recording();
    assert_eq!(life.on(Input::Handshake), []);
    assert_eq!(life.on(Input::Recorded(true)), [Output::CallConnect]);
    assert_eq!(life.machine.phase(), Phase::Registering);
    assert_eq!(life.on(Input::Recorded(true)), []);
    assert_eq!(life.deadline(), None);
    life.on(Input::Sent(0));
    life.open_up();
}

#[test]
fn without_an_entry_it_is_503_and_nothing_is_sent() {
    let refused = [Output::Reject(503), Output::Forget, Output::End];
    assert_eq!(Life::recording().on(Input::Recorded(false)), refused);
    // The disk hangs.
    let mut life = Life::recording();
    assert_eq!(life.tick_after(LIMITS.handshake_timeout), refused);
    assert_eq!(life.on(Input::Recorded(true)), []);
    let mut life = Life::recording();
    assert_eq!(life.on(Input::Shutdown(ending(1001))), refused);
    assert_eq!(life.on(Input::Recorded(true)), []);
    let mut life = Life::recording();
    assert_eq!(life.on(Input::Gone), [Output::Forget, Output::End]);
}

#[test]
fn accepted_is_open() {
    let mut life = Life::open();
    assert_eq!(life.deadline(), None);
    assert!(life.machine.takes_messages() && life.machine.reads());
    assert_eq!(life.on(Input::Accepted), []);
}

#[test]
fn a_101_that_cannot_be_written_is_closing() {
    let mut life = Life::registering();
    life.on(Input::Accepted);
    let out = life.on(Input::Upgraded(false));
    assert_eq!(out, [Output::Cut, Output::Seal, lost()]);
    assert_eq!(life.machine.phase(), Phase::Closing);
}

#[test]
fn refused_has_no_close_event() {
    let mut life = Life::registering();
    let out = life.on(Input::Refused);
    assert_eq!(out, [Output::RefuseAsAnswered, Output::Forget, Output::End]);
}

#[test]
fn not_sent_is_502_and_a_full_queue_503_without_close_event() {
    for (error, status) in [(CallError::NotSent, 502), (CallError::QueueFull, 503)] {
        let mut life = Life::registering();
        let out = life.on(Input::CallFailed(0, error));
        assert_eq!(out, [Output::Reject(status), Output::Forget, Output::End]);
    }
}

#[test]
fn sent_and_failed_is_closing() {
    for (error, status) in [(CallError::Failed, 502), (CallError::Late, 504)] {
        let mut life = Life::registering();
        let out = life.on(Input::CallFailed(0, error));
        assert_eq!(out[0], Output::Reject(status));
        assert_eq!(out.last(), Some(&lost()));
    }
}

#[test]
fn a_late_connect_is_504_and_awaited_before_its_close() {
    let mut life = Life::registering();
    assert_eq!(life.deadline(), Some(LIMITS.invoke_timeout));
    let out = life.tick_after(LIMITS.invoke_timeout);
    assert_eq!(out, [Output::Reject(504), Output::Seal]);
    assert_eq!(life.machine.phase(), Phase::Registering);
    assert_eq!(life.on(Input::Accepted), [Output::Seal, lost()]);

    let mut life = Life::registering();
    life.tick_after(LIMITS.invoke_timeout);
    assert_eq!(life.on(Input::Refused), [Output::Forget, Output::End]);

    let mut life = Life::registering();
    life.tick_after(LIMITS.invoke_timeout);
    let out = life.tick_after(LIMITS.call_grace);
    assert_eq!(out, [Output::AbandonCall(0), Output::Seal, lost()]);
}

#[test]
fn a_client_that_left_is_closed_if_accepted_and_forgotten_if_refused() {
    let mut life = Life::registering();
    assert_eq!(life.on(Input::Gone), []);
    assert_eq!(life.on(Input::Accepted), [Output::Seal, lost()]);
    let mut life = Life::registering();
    life.on(Input::Gone);
    assert_eq!(life.on(Input::Refused), [Output::Forget, Output::End]);
}

#[test]
fn a_close_pushed_while_registering_waits_for_the_101() {
    let mut life = Life::recording();
    assert_eq!(life.on(Input::CloseQueued(ending(4000))), []);
    life.on(Input::Recorded(true));
    life.open_up();
    let out = life.on(Input::CloseWritten);
    assert_eq!(out, [Output::Seal, Output::CallClose(ending(4000))]);

    let mut life = Life::registering();
    assert_eq!(life.on(Input::CloseQueued(ending(4000))), []);
    // It has no deadline before there is anything to write to.
    life.now += LIMITS.close_timeout * 2;
    assert_eq!(life.on(Input::Tick), []);
    life.open_up();
    assert_eq!(life.deadline(), Some(LIMITS.close_timeout));
    let out = life.on(Input::CloseWritten);
    assert_eq!(out, [Output::Seal, Output::CallClose(ending(4000))]);
}

#[test]
fn shutdown_while_registering_is_503_and_the_answer_is_awaited() {
    let mut life = Life::registering();
    let out = life.on(Input::Shutdown(ending(1001)));
    assert_eq!(out, [Output::Reject(503), Output::Seal]);
    assert_eq!(life.on(Input::Accepted), [Output::Seal, lost()]);
}

#[test]
fn messages_go_one_at_a_time() {
    let mut life = Life::busy();
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
    assert_eq!(life.on(Input::Answered(0)), []);
    assert_eq!(life.on(Input::Message), [Output::CallMessage(0)]);
}

#[test]
fn a_failed_message_closes_and_drops_the_rest() {
    for (error, code) in [
        (CallError::Failed, 1011),
        (CallError::Late, 1011),
        (CallError::NotSent, 1013),
        (CallError::QueueFull, 1013),
    ] {
        let mut life = Life::busy();
        life.on(Input::Message);
        let out = life.on(Input::CallFailed(0, error));
        assert_eq!(out[..2], [Output::DropMessages(1), Output::Seal]);
        let Output::SendClose(sent) = &out[2] else {
            panic!("{out:?}")
        };
        assert_eq!(sent.code.0, code);
        let out = life.on(Input::CloseWritten);
        assert_eq!(out, [Output::CallClose(sent.clone())]);
    }
}

#[test]
fn a_failed_message_is_told_where_that_is_wanted() {
    let mut life = Life::telling();
    life.on(Input::Handshake);
    life.open_up();
    life.on(Input::Message);
    life.on(Input::Message);
    let out = life.on(Input::CallFailed(0, CallError::Failed));
    assert_eq!(
        out,
        [Output::Tell(0, CallError::Failed), Output::CallMessage(0)]
    );
    life.on(Input::Sent(0));
    // A late one is told once, and the next waits until it is over.
    let out = life.tick_after(LIMITS.invoke_timeout);
    assert_eq!(out, [Output::Tell(0, CallError::Late)]);
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
    assert_eq!(life.machine.phase(), Phase::Open);
}

#[test]
fn a_late_message_closes_and_its_close_event_waits_for_it() {
    let mut life = Life::busy();
    let out = life.tick_after(LIMITS.invoke_timeout);
    assert!(
        matches!(&out[..], [Output::Seal, Output::SendClose(_)]),
        "{out:?}"
    );
    assert_eq!(life.on(Input::CloseWritten), []);
    let out = life.on(Input::Answered(0));
    assert!(matches!(&out[..], [Output::CallClose(ending)] if ending.code.0 == 1011));

    let mut life = Life::busy();
    life.tick_after(LIMITS.invoke_timeout);
    life.on(Input::CloseWritten);
    life.on(Input::CloseReceived(ending(1011)));
    let out = life.tick_after(LIMITS.call_grace);
    assert_eq!(out[0], Output::AbandonCall(0));
    assert!(matches!(&out[1], Output::CallClose(ending) if ending.code.0 == 1011));
}

#[test]
fn an_answer_whose_pushes_wait_is_not_late() {
    let mut life = Life::busy();
    life.on(Input::Message);
    life.on(Input::Delivering(0));
    assert_eq!(life.deadline(), None);
    assert_eq!(life.tick_after(LIMITS.invoke_timeout), []);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
}

#[test]
fn a_pushed_close_that_cannot_be_written_is_cut() {
    let mut life = Life::open();
    life.on(Input::CloseQueued(ending(4000)));
    assert_eq!(life.machine.phase(), Phase::Open);
    let out = life.tick_after(LIMITS.close_timeout);
    let lost = Output::CallClose(Ending::lost(Some(Limit::CloseTimeout)));
    assert_eq!(out, [Output::Cut, Output::Seal, lost]);
}

#[test]
fn messages_still_go_while_a_pushed_close_is_queued() {
    let mut life = Life::busy();
    life.on(Input::CloseQueued(ending(4000)));
    life.on(Input::Message);
    assert_eq!(life.on(Input::CloseWritten), [Output::Seal]);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
    let out = life.on(Input::Answered(0));
    assert_eq!(out, [Output::CallClose(ending(4000))]);
}

#[test]
fn the_clients_close_is_answered_and_messages_before_it_are_delivered() {
    let mut life = Life::busy();
    life.on(Input::Message);
    let out = life.on(Input::CloseReceived(ending(4321)));
    assert_eq!(out, [Output::Seal, Output::AnswerClose]);
    assert_eq!(life.machine.phase(), Phase::Draining);
    assert_eq!(life.on(Input::CloseWritten), [Output::Shut]);
    assert_eq!(life.on(Input::SocketEnded), []);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
    assert_eq!(
        life.on(Input::Answered(0)),
        [Output::CallClose(ending(4321))]
    );
    let out = life.on(Input::CloseAnswered(true));
    assert_eq!(out, [Output::Forget, Output::End]);
}

#[test]
fn eof_is_1006() {
    let mut life = Life::open();
    assert_eq!(life.on(Input::Gone), [Output::Cut, Output::Seal, lost()]);
}

#[test]
fn a_socket_that_is_given_up_is_1006_and_says_at_which_limit() {
    for limit in [Limit::PongTimeout, Limit::WriteTimeout] {
        let mut life = Life::open();
        let lost = Ending::lost(Some(limit));
        assert!(lost.reason.contains(limit.name()));
        assert_eq!(
            life.on(Input::Stalled(limit)),
            [Output::Cut, Output::Seal, Output::CallClose(lost)]
        );
    }
}

#[test]
fn a_limit_is_named_when_it_is_reached_and_not_again() {
    let reached = |life: &Life, after| -> Vec<Limit> {
        let machine = &life.machine;
        machine.reached(life.now + after, &life.limits).collect()
    };
    let mut life = Life::busy();
    let almost = LIMITS.invoke_timeout - Duration::from_millis(1);
    assert_eq!(reached(&life, almost), []);
    assert_eq!(
        reached(&life, LIMITS.invoke_timeout),
        [Limit::InvokeTimeout]
    );
    life.tick_after(LIMITS.invoke_timeout);
    assert!(life.machine.is_late(0));
    assert_eq!(reached(&life, Duration::ZERO), []);
    // The close of it is not written.
    assert_eq!(reached(&life, LIMITS.close_timeout), [Limit::CloseTimeout]);
    let life = Life::recording();
    assert_eq!(
        reached(&life, LIMITS.handshake_timeout),
        [Limit::HandshakeTimeout]
    );
}

#[test]
fn ours_is_answered_within_close_timeout_or_cut() {
    let mut life = Life::open();
    let out = life.on(end(4408, false));
    assert_eq!(out, [Output::Seal, Output::SendClose(ending(4408))]);
    assert_eq!(
        life.on(Input::CloseWritten),
        [Output::CallClose(ending(4408))]
    );
    assert!(life.machine.reads() && !life.machine.takes_messages());
    assert_eq!(life.deadline(), Some(LIMITS.close_timeout));
    assert_eq!(life.tick_after(LIMITS.close_timeout), [Output::Cut]);
    let out = life.on(Input::CloseAnswered(true));
    assert_eq!(out, [Output::Forget, Output::End]);

    let mut life = Life::open();
    life.on(end(4408, false));
    life.on(Input::CloseWritten);
    assert_eq!(life.on(Input::CloseReceived(ending(4408))), [Output::Shut]);
    assert!(!life.machine.reads());
}

#[test]
fn ours_that_is_not_written_is_1006() {
    let mut life = Life::open();
    life.on(end(1001, false));
    let out = life.tick_after(LIMITS.close_timeout);
    let lost = Output::CallClose(Ending::lost(Some(Limit::CloseTimeout)));
    assert_eq!(out, [Output::Cut, lost]);
}

#[test]
fn nothing_is_read_after_broken_frames() {
    let mut life = Life::open();
    life.on(end(1002, true));
    assert!(!life.machine.reads());
    let out = life.on(Input::CloseWritten);
    assert_eq!(out, [Output::Shut, Output::CallClose(ending(1002))]);
}

#[test]
fn closes_that_cross() {
    let mut life = Life::open();
    life.on(end(1001, false));
    assert_eq!(life.on(Input::CloseReceived(ending(1000))), []);
    let out = life.on(Input::CloseWritten);
    assert_eq!(out, [Output::Shut, Output::CallClose(ending(1001))]);
}

#[test]
fn one_pushed_to_a_refused_one_is_dropped() {
    let mut life = Life::registering();
    life.on(Input::CloseQueued(ending(4000)));
    let out = life.on(Input::Refused);
    assert_eq!(out, [Output::RefuseAsAnswered, Output::Forget, Output::End]);
    assert_eq!(life.deadline(), None);
}

#[test]
fn shutdown_while_open_closes_and_delivers_what_was_received() {
    let mut life = Life::busy();
    life.on(Input::Message);
    let out = life.on(Input::Shutdown(ending(1001)));
    assert_eq!(out, [Output::Seal, Output::SendClose(ending(1001))]);
    assert_eq!(life.on(Input::CloseWritten), []);
    assert_eq!(life.on(Input::Answered(0)), [Output::CallMessage(0)]);
    assert_eq!(
        life.on(Input::Answered(0)),
        [Output::CallClose(ending(1001))]
    );
}

#[test]
fn no_call_starts_later_than_invoke_timeout_after_the_end() {
    let mut life = Life::busy();
    life.on(Input::Message);
    life.on(Input::Gone);
    let out = life.tick_after(LIMITS.invoke_timeout);
    assert_eq!(out, [Output::DropMessages(1)]);
    assert_eq!(life.on(Input::Answered(0)), [lost()]);
}

#[test]
fn a_close_event_is_retried_with_growing_pauses_and_given_up() {
    let mut life = Life::open();
    life.on(Input::Gone);
    let mut pauses = Vec::new();
    let out = loop {
        let out = life.on(Input::CloseAnswered(false));
        if !out.is_empty() {
            break out;
        }
        let pause = life.deadline().unwrap();
        pauses.push(pause);
        assert_eq!(life.tick_after(pause), [lost()]);
    };
    assert_eq!(out, [Output::GiveUp, Output::Forget, Output::End]);
    for (at, pause) in pauses.iter().enumerate() {
        let full = Duration::from_secs(300.min(1 << at.min(20)));
        assert!(*pause >= full / 2 && *pause <= full, "{at}: {pause:?}");
    }
    assert!(pauses.len() > 12, "{}", pauses.len());
}

#[test]
fn an_answered_close_event_waits_for_the_socket_only() {
    let mut life = Life::open();
    life.on(Input::CloseReceived(ending(1000)));
    life.on(Input::CloseWritten);
    assert_eq!(life.on(Input::CloseAnswered(true)), [Output::Forget]);
    assert_eq!(life.on(Input::SocketEnded), [Output::End]);
    assert_eq!(life.machine.phase(), Phase::Ended);
}
