//! What a function does in a call.

use std::time::Duration;

use wsfn_gateway::testing::Random;

use super::{Pace, ROOMS};
use crate::log::{Action, Kind};

/// One thing after the other.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) last: Last,
}

#[derive(Debug)]
pub(crate) enum Step {
    Pause(Duration),
    Push(Action),
}

/// How a call ends.
#[derive(Debug)]
pub(crate) enum Last {
    /// Well, with these pushes in the answer.
    Answer(Vec<String>),
    Refuse,
    Fail,
    /// Never.
    Hang,
}

/// What plans are made of.
pub(crate) struct Planner<'r> {
    pub(crate) random: &'r mut Random,
    pub(crate) pace: Pace,
    /// Connections that the function has seen.
    pub(crate) known: &'r [String],
    /// Makes a number that nothing else of the history has.
    pub(crate) number: &'r mut dyn FnMut() -> u64,
}

impl Planner<'_> {
    /// A call in a history whose end has come: it does what it has to.
    pub(crate) fn calm(kind: Kind, id: &str) -> Plan {
        let steps = if kind == Kind::Close {
            let (id, same) = (id.to_owned(), id.to_owned());
            vec![
                Step::Push(Action::Rooms { id }),
                Step::Push(Action::Session { id: same }),
            ]
        } else {
            Vec::new()
        };
        Plan {
            steps,
            last: Last::Answer(Vec::new()),
        }
    }

    /// A call in which anything may happen.
    pub(crate) fn wild(mut self, kind: Kind, id: &str) -> Plan {
        let Plan { mut steps, .. } = Self::calm(kind, id);
        if kind == Kind::Connect && self.random.below(2) == 0 {
            let (id, room) = (id.to_owned(), self.room());
            steps.push(Step::Push(Action::Join { id, room }));
        }
        for _ in 0..[0, 1, 2, 6][self.random.below(4)] {
            steps.push(Step::Pause(self.pace.pause(self.random)));
            steps.extend(self.step(id).map(Step::Push));
        }
        if self.random.below(6) == 0 {
            // One after the other, to the same room.
            let rooms = vec![self.room()];
            for _ in 0..2 + self.random.below(4) {
                let (rooms, text) = (rooms.clone(), self.text());
                steps.push(Step::Push(Action::Broadcast { rooms, text }));
                steps.push(Step::Pause(self.pace.pause(self.random)));
            }
        }
        let last = match self.random.below(40) {
            0 => Last::Fail,
            1 => Last::Hang,
            2 => {
                // Late, but perhaps within `call-grace`.
                let late = self.random.below(2400) as u32;
                steps.push(Step::Pause(
                    self.pace.timeout + self.pace.timeout * late / 1000,
                ));
                Last::Answer(Vec::new())
            }
            3..=8 if kind == Kind::Connect => Last::Refuse,
            9..=20 if kind != Kind::Close => {
                let texts = (0..1 + self.random.below(3)).map(|_| format!("r{}", (self.number)()));
                Last::Answer(texts.collect())
            }
            _ => Last::Answer(Vec::new()),
        };
        Plan { steps, last }
    }

    /// What somebody pushes who is in no call.
    pub(crate) fn outside(mut self) -> Option<Action> {
        let someone = self.someone()?;
        Some(match self.random.below(16) {
            0..=5 => Action::Send {
                to: someone,
                text: self.text(),
            },
            6..=7 => Action::Join {
                id: someone,
                room: self.room(),
            },
            8 => Action::Leave {
                id: someone,
                room: Some(self.room()),
            },
            9..=11 => Action::Broadcast {
                rooms: self.rooms(),
                text: self.text(),
            },
            12..=14 => Action::Members { room: self.room() },
            _ => self.close(someone),
        })
    }

    fn step(&mut self, id: &str) -> Option<Action> {
        let own = id.to_owned();
        // Mostly its own connection, as most functions do.
        let someone = match self.random.below(3) {
            0 => self.someone()?,
            _ => own.clone(),
        };
        Some(match self.random.below(24) {
            0..=8 => Action::Send {
                to: someone,
                text: self.text(),
            },
            9..=13 => Action::Join {
                id: someone,
                room: self.room(),
            },
            14 => Action::Leave {
                id: someone,
                room: (self.random.below(3) > 0).then(|| self.room()),
            },
            15..=18 => Action::Broadcast {
                rooms: self.rooms(),
                text: self.text(),
            },
            19 => Action::Members { room: self.room() },
            20 if self.random.below(2) == 0 => self.close(someone),
            21 => Action::SetSession {
                id: own,
                value: (self.number)(),
            },
            _ => return None,
        })
    }

    /// With a code that is ours to choose, and that a connection hardly gets twice.
    fn close(&mut self, to: String) -> Action {
        let code = 4500 + ((self.number)() % 400) as u16;
        Action::Close { to, code }
    }

    fn someone(&mut self) -> Option<String> {
        self.known.get(self.random.below(self.known.len())).cloned()
    }

    fn text(&mut self) -> String {
        format!("p{}", (self.number)())
    }

    fn room(&mut self) -> String {
        ROOMS[self.random.below(ROOMS.len())].to_owned()
    }

    /// One room, or all.
    fn rooms(&mut self) -> Vec<String> {
        match self.random.below(3) {
            0 => ROOMS.map(str::to_owned).to_vec(),
            _ => vec![self.room()],
        }
    }
}
