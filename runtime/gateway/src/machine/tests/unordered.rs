//! Messages of a connection whose function takes them while earlier ones are still handled.

use super::{LIMITS, Life, ending, lost};
use crate::machine::{CallError, Input, LANES_MAX, Output, Phase};

impl Life {
    fn unordered(tell: bool) -> Self {
        let mut life = Self::registering();
        life.limits.tell = tell;
        assert_eq!(life.on(Input::Unordered), []);
        life.open_up();
        life
    }

    /// A message comes, and is at the function.
    fn running(&mut self, lane: usize) {
        assert_eq!(self.on(Input::Message), [Output::CallMessage(lane)]);
        assert_eq!(self.on(Input::Sent(lane)), []);
    }
}

#[test]
fn the_next_message_is_sent_while_one_is_handled() {
    let mut life = Life::unordered(false);
    life.running(0);
    life.running(1);
    assert_eq!(life.on(Input::Answered(0)), []);
    // The lane is used again.
    life.running(0);
    assert_eq!(life.on(Input::Answered(1)), []);
    assert_eq!(life.on(Input::Answered(0)), []);
    assert_eq!(life.deadline(), None);
}

#[test]
fn none_overtakes_one_that_waits_for_a_place_among_the_calls() {
    let mut life = Life::unordered(false);
    assert_eq!(life.on(Input::Message), [Output::CallMessage(0)]);
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Sent(0)), [Output::CallMessage(1)]);
    // Neither when another one ends.
    assert_eq!(life.on(Input::Answered(0)), []);
    assert_eq!(life.on(Input::Sent(1)), [Output::CallMessage(0)]);
}

#[test]
fn more_than_may_run_wait() {
    let mut life = Life::unordered(false);
    for lane in 0..LANES_MAX {
        life.running(lane);
    }
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Message), []);
    assert_eq!(life.on(Input::Answered(7)), [Output::CallMessage(7)]);
    assert_eq!(life.on(Input::Answered(3)), [], "7 is not sent yet");
    assert_eq!(life.on(Input::Sent(7)), [Output::CallMessage(3)]);
}

#[test]
fn each_has_its_own_time() {
    let mut life = Life::unordered(true);
    life.running(0);
    let second = LIMITS.invoke_timeout / 3;
    assert_eq!(life.tick_after(second), []);
    life.running(1);
    assert_eq!(life.deadline(), Some(LIMITS.invoke_timeout - second));
    let out = life.tick_after(LIMITS.invoke_timeout - second);
    assert_eq!(out, [Output::Tell(0, CallError::Late)]);
    assert_eq!(life.deadline(), Some(second));
    let out = life.tick_after(second);
    assert_eq!(out, [Output::Tell(1, CallError::Late)]);
    // What is late holds its lane until its grace is over, and holds up nobody else.
    life.running(2);
    let out = life.tick_after(LIMITS.call_grace - second);
    assert_eq!(
        out,
        [Output::AbandonCall(0), Output::Tell(2, CallError::Late)]
    );
    let out = life.tick_after(second);
    assert_eq!(out, [Output::AbandonCall(1)]);
    assert_eq!(life.machine.phase(), Phase::Open);
    assert_eq!(life.on(Input::CallFailed(2, CallError::Failed)), []);
}

#[test]
fn a_failed_one_closes_and_the_close_event_waits_for_all_others() {
    let mut life = Life::unordered(false);
    for lane in 0..3 {
        life.running(lane);
    }
    let out = life.on(Input::CallFailed(1, CallError::Failed));
    assert_eq!(out.len(), 2);
    assert_eq!(out[0], Output::Seal);
    assert!(matches!(&out[1], Output::SendClose(ending) if ending.code.0 == 1011));
    assert_eq!(life.on(Input::Gone), [Output::Cut]);
    assert_eq!(life.on(Input::CallFailed(2, CallError::Failed)), []);
    assert_eq!(life.on(Input::Answered(0)), [lost()]);
    assert_eq!(life.machine.phase(), Phase::Closing);
}

#[test]
fn a_failed_one_is_told_where_that_is_wanted_and_the_others_go_on() {
    let mut life = Life::unordered(true);
    life.running(0);
    life.running(1);
    let out = life.on(Input::CallFailed(0, CallError::Failed));
    assert_eq!(out, [Output::Tell(0, CallError::Failed)]);
    assert_eq!(life.on(Input::Answered(1)), []);
    assert_eq!(life.machine.phase(), Phase::Open);
}

#[test]
fn late_ones_are_awaited_before_the_close_event_and_each_given_up() {
    let mut life = Life::unordered(false);
    life.running(0);
    life.tick_after(LIMITS.invoke_timeout / 2);
    life.running(1);
    assert_eq!(life.on(Input::Gone), [Output::Cut, Output::Seal]);
    life.tick_after(LIMITS.invoke_timeout / 2);
    life.tick_after(LIMITS.invoke_timeout / 2);
    let out = life.tick_after(LIMITS.call_grace - LIMITS.invoke_timeout);
    assert_eq!(out, []);
    let out = life.tick_after(LIMITS.invoke_timeout / 2);
    assert_eq!(out, [Output::AbandonCall(0)]);
    let out = life.tick_after(LIMITS.invoke_timeout / 2);
    assert_eq!(out, [Output::AbandonCall(1), lost()]);
}

#[test]
fn what_was_received_before_the_end_is_still_sent() {
    let mut life = Life::unordered(false);
    for lane in 0..LANES_MAX {
        life.running(lane);
    }
    life.on(Input::Message);
    assert_eq!(life.on(Input::Gone), [Output::Cut, Output::Seal]);
    assert_eq!(life.on(Input::Answered(4)), [Output::CallMessage(4)]);
    life.on(Input::Sent(4));
    for lane in 0..LANES_MAX - 1 {
        assert_eq!(life.on(Input::Answered(lane)), []);
    }
    assert_eq!(life.on(Input::Answered(LANES_MAX - 1)), [lost()]);
}

#[test]
fn pushes_of_one_answer_that_wait_for_room_hold_only_their_own_lane() {
    let mut life = Life::unordered(false);
    life.running(0);
    assert_eq!(life.on(Input::Delivering(0)), []);
    assert_eq!(life.deadline(), None);
    life.running(1);
    assert_eq!(life.on(Input::CloseReceived(ending(1000))).len(), 2);
    assert_eq!(life.on(Input::CloseWritten), [Output::Shut]);
    assert_eq!(life.on(Input::Answered(1)), []);
    assert_eq!(
        life.on(Input::Answered(0)),
        [Output::CallClose(ending(1000))]
    );
}

#[test]
fn it_is_said_with_the_answer_to_the_connect_and_never_later() {
    let mut life = Life::open();
    assert_eq!(life.on(Input::Unordered), []);
    life.running(0);
    assert_eq!(life.on(Input::Message), []);
}
