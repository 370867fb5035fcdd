//! Random histories: whatever happens in whatever order, the promises hold.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Life, end, ending};
use crate::machine::{ALONE, CallError, Input, LANES_MAX, Lane, Output, Phase};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What a whole life looked like from outside.
#[derive(Default)]
struct Watched {
    recording: bool,
    connected: bool,
    unordered: bool,
    calling: BTreeSet<Lane>,
    /// The call that is not at the function yet.
    queued: Option<Lane>,
    most_at_once: usize,
    connect_answered: bool,
    accepted: bool,
    clearly_refused: bool,
    received: usize,
    sent: usize,
    dropped: usize,
    closes: usize,
    close_answered: bool,
    sealed: bool,
    forgotten: usize,
    handshake_answers: usize,
    /// A close frame waits to be written, and a socket to be drained.
    close_frame: bool,
    lingering: bool,
    ended: bool,
    history: Vec<String>,
}

impl Watched {
    fn see(&mut self, out: &[Output]) {
        for output in out {
            self.history.push(format!("  -> {output:?}"));
            assert!(!self.ended, "something after the end");
            match output {
                Output::Record => assert!(!std::mem::replace(&mut self.recording, true)),
                Output::CallConnect => {
                    assert!(!self.recording, "D5: on disk before the connect event");
                    self.connected = true;
                    self.start_call(ALONE);
                }
                Output::CallMessage(lane) => {
                    assert!(self.connect_answered, "O1");
                    assert_eq!(self.closes, 0, "O3");
                    self.start_call(*lane);
                    self.sent += 1;
                }
                Output::CallClose(_) => {
                    assert!(!self.clearly_refused, "D2: a refused connect has no close");
                    assert!(
                        !self.close_answered,
                        "D2: exactly once where it is answered"
                    );
                    assert!(self.sealed, "Closing is out of Open");
                    assert!(self.calling.is_empty(), "O3: the last event");
                    self.start_call(ALONE);
                    self.closes += 1;
                }
                Output::AbandonCall(lane) => self.end_call(*lane),
                Output::DropMessages(count) => self.dropped += count,
                Output::Seal => self.sealed = true,
                Output::Open => assert!(!self.sealed),
                Output::Forget => self.forgotten += 1,
                Output::Reject(_) | Output::RefuseAsAnswered | Output::Upgrade => {
                    self.handshake_answers += 1;
                    assert_eq!(self.handshake_answers, 1, "a handshake has one answer");
                }
                Output::End => self.ended = true,
                Output::SendClose(_) | Output::AnswerClose => self.close_frame = true,
                Output::Shut => self.lingering = true,
                Output::Cut => self.close_frame = false,
                Output::Tell(..) | Output::GiveUp => {}
            }
        }
    }

    fn start_call(&mut self, lane: Lane) {
        if self.unordered {
            assert_eq!(self.queued, None, "O2: they start in the order received");
        } else {
            assert!(self.calling.is_empty(), "O2: one in flight");
        }
        assert!(self.calling.insert(lane), "a lane has one call");
        assert!(self.calling.len() <= LANES_MAX);
        self.most_at_once = self.most_at_once.max(self.calling.len());
        self.queued = Some(lane);
    }

    fn end_call(&mut self, lane: Lane) {
        assert!(self.calling.remove(&lane));
        if self.queued == Some(lane) {
            self.queued = None;
        }
    }
}

fn error(random: &mut Random) -> CallError {
    [
        CallError::NotSent,
        CallError::QueueFull,
        CallError::Late,
        CallError::Failed,
    ][random.below(4) as usize]
}

/// Something that may happen next, as a driver would report it.
fn next_input(random: &mut Random, life: &Life, watched: &mut Watched) -> Input {
    let phase = life.machine.phase();
    if watched.recording && random.below(2) > 0 {
        watched.recording = false;
        return Input::Recorded(random.below(4) > 0);
    }
    let filling = watched.unordered && phase == Phase::Open;
    if filling && random.below(4) > 0 {
        // Messages come faster than they are answered.
        let sent = watched.queued.take();
        return sent.map_or(Input::Message, Input::Sent);
    }
    let ends = if filling {
        random.below(6) == 0
    } else {
        random.below(3) > 0
    };
    if !watched.calling.is_empty() && ends {
        let chosen = random.below(watched.calling.len() as u64) as usize;
        let lane = *watched.calling.iter().nth(chosen).unwrap();
        watched.end_call(lane);
        return match phase {
            Phase::Registering => {
                watched.connect_answered = true;
                match random.below(5) {
                    0 => {
                        watched.clearly_refused = true;
                        Input::Refused
                    }
                    1 => {
                        let error = error(random);
                        watched.clearly_refused =
                            matches!(error, CallError::NotSent | CallError::QueueFull);
                        Input::CallFailed(ALONE, error)
                    }
                    _ => {
                        watched.accepted = true;
                        Input::Accepted
                    }
                }
            }
            Phase::Closing => {
                let answered = random.below(2) == 0;
                watched.close_answered = answered;
                Input::CloseAnswered(answered)
            }
            _ if random.below(8) == 0 => Input::CallFailed(lane, error(random)),
            _ => Input::Answered(lane),
        };
    }
    match random.below(20) {
        0 => Input::Gone,
        1 => Input::CloseQueued(ending(4000)),
        2 => Input::CloseReceived(ending(1000)),
        3 | 4 => Input::CloseWritten,
        5 => end(1002, true),
        6 => end(4408, false),
        7 if random.below(4) == 0 => Input::Shutdown(ending(1001)),
        8 | 9 => Input::SocketEnded,
        10..14 => Input::Tick,
        14 if watched.queued.is_some() => Input::Sent(watched.queued.take().unwrap()),
        _ => Input::Message,
    }
}

/// One life from a seed, driven until it ends.
fn live(seed: u64) -> Watched {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut life = if random.below(2) == 0 {
        Life::new()
    } else {
        Life::telling()
    };
    life.limits.journal = random.below(2) == 0;
    let mut watched = Watched::default();
    let out = life.on(Input::Handshake);
    watched.see(&out);
    for step in 0..5000 {
        if watched.ended {
            break;
        }
        let mut input = next_input(&mut random, &life, &mut watched);
        // A socket reports only what it was told to do.
        let possible = match input {
            Input::CloseQueued(_) => {
                let possible = !watched.sealed && !watched.close_frame;
                watched.close_frame |= possible;
                possible
            }
            Input::CloseWritten => {
                let possible = watched.close_frame && life.machine.phase() != Phase::Registering;
                watched.close_frame &= !possible;
                possible
            }
            Input::SocketEnded => std::mem::take(&mut watched.lingering),
            _ => true,
        };
        if !possible {
            input = Input::Tick;
        }
        if input == Input::Tick {
            let most = life.deadline().unwrap_or(Duration::from_secs(1));
            life.now += most.mul_f64(random.below(3) as f64 / 2.0);
        }
        if input == Input::Message && life.machine.takes_messages() {
            watched.received += 1;
        }
        if input == Input::Accepted && random.below(2) == 0 {
            watched.unordered = true;
            watched
                .history
                .push(format!("{step} {:?}", Input::Unordered));
            let out = life.on(Input::Unordered);
            watched.see(&out);
        }
        watched.history.push(format!("{step} {input:?}"));
        let upgraded = input == Input::Accepted;
        let ticked = input == Input::Tick;
        let out = life.on(input);
        watched.see(&out);
        if ticked {
            let next = life.machine.deadline(&life.limits);
            assert!(
                next.is_none_or(|next| next > life.now),
                "a driver would spin"
            );
        }
        if upgraded && out.contains(&Output::Upgrade) {
            let input = Input::Upgraded(random.below(6) > 0);
            watched.history.push(format!("{step} {input:?}"));
            let out = life.on(input);
            watched.see(&out);
        }
    }
    watched
}

#[test]
fn random_lives_keep_the_promises() {
    let count = std::env::var("WSFN_TEST_LIVES").map_or(20_000, |text| text.parse().unwrap());
    let first = std::env::var("WSFN_TEST_SEED").map_or(0, |text| text.parse().unwrap());
    let mut most_at_once = 0;
    for seed in first..first + count {
        let result = std::panic::catch_unwind(|| {
            let watched = live(seed);
            let check = |ok: bool, what: &str| {
                assert!(ok, "{what}\n{}", watched.history.join("\n"));
            };
            check(watched.ended, "a life ends");
            check(watched.forgotten == 1, "an entry is removed once");
            check(
                watched.sent + watched.dropped == watched.received,
                "D1: every message is sent once or dropped and counted",
            );
            check(
                (watched.connected && !watched.clearly_refused) == (watched.closes > 0),
                "D2: a close event for every connect that was sent and not clearly refused",
            );
            watched.most_at_once
        });
        let Ok(most) = result else {
            panic!("seed {seed}: run again with WSFN_TEST_SEED={seed} WSFN_TEST_LIVES=1");
        };
        most_at_once = most_at_once.max(most);
    }
    // So that it was tried whether more would run than may.
    assert!(count < 1000 || most_at_once == LANES_MAX, "{most_at_once}");
}
