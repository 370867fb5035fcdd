//! A gateway in memory, and what all who take part share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use wsfn_gateway::Handle;
use wsfn_gateway::testing::Random;
use wsfn_settings::{FailedMessage, Settings};

use crate::Log;
use crate::life::plan::Planner;
use crate::life::{Pace, Stage};
use crate::log::{Action, Answer, Push, Rules, What};

/// One history.
pub(super) struct World {
    settings: Settings,
    rules: Rules,
    clients: usize,
    stops: bool,
    stage: Arc<Stage>,
    random: Mutex<Random>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    handle: Option<Handle>,
    /// Connections that the function has seen.
    known: Vec<String>,
    numbers: u64,
    crashes: u64,
    down_until: Option<Instant>,
}

impl World {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let mut random = Random::new(seed);
        let grace = [0, 3, 20][random.below(3)];
        let settings = Settings {
            invoke_timeout: Duration::from_secs(5),
            call_grace: Duration::from_secs(grace),
            close_timeout: Duration::from_secs(2),
            write_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(8),
            pong_timeout: Duration::from_secs(6),
            drain: Duration::from_secs(60),
            failed_message: if random.below(3) == 0 {
                FailedMessage::Tell
            } else {
                FailedMessage::Close
            },
            out_max_messages: [2, 8, 64][random.below(3)],
            in_max_messages: [1, 3, 64][random.below(3)],
            ..Settings::default()
        };
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let rules = Rules {
            invoke_timeout: milliseconds(settings.invoke_timeout),
            call_grace: milliseconds(settings.call_grace),
            stall: milliseconds(settings.write_timeout.min(settings.pong_timeout)),
            tell: settings.failed_message == FailedMessage::Tell,
            journal: false,
            // The clock of timers has steps of a millisecond.
            slack: 1,
        };
        let begun = Mutex::new(None);
        let clock = move || {
            let now = Instant::now();
            let begun = *lock(&begun).get_or_insert(now);
            u64::try_from((now - begun).as_micros()).unwrap_or(u64::MAX)
        };
        Arc::new(Self {
            settings,
            rules,
            clients: 2 + random.below(5),
            stops: random.below(4) == 0,
            stage: Arc::new(Stage::new(clock)),
            random: Mutex::new(random),
            state: Mutex::default(),
        })
    }

    pub(super) const fn stage(&self) -> &Arc<Stage> {
        &self.stage
    }

    pub(super) const fn pace(&self) -> Pace {
        Pace {
            faster: 1,
            timeout: self.settings.invoke_timeout,
            read_on: Duration::from_secs(25),
            patience: Duration::from_secs(60),
        }
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) const fn clients(&self) -> usize {
        self.clients
    }

    /// Whether it ends with a shutdown of the gateway while clients are there.
    pub(super) const fn stops(&self) -> bool {
        self.stops
    }

    /// Chance of its own for whoever asks.
    pub(super) fn fork(&self) -> Random {
        lock(&self.random).fork()
    }

    pub(super) fn set_handle(&self, handle: Handle) {
        self.state().handle = Some(handle);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn take_log(&self) -> Log {
        Log {
            rules: self.rules.clone(),
            entries: self.stage.take(),
        }
    }

    /// A number that no other call, push or value has.
    pub(super) fn number(&self) -> u64 {
        let mut state = self.state();
        state.numbers += 1;
        state.numbers
    }

    pub(super) fn know(&self, id: &str) {
        self.state().known.push(id.to_owned());
    }

    /// Makes a plan of what is known now.
    pub(super) fn plan<T>(&self, random: &mut Random, make: impl FnOnce(Planner<'_>) -> T) -> T {
        let known = self.state().known.clone();
        make(Planner {
            random,
            pace: self.pace(),
            known: &known,
            number: &mut || self.number(),
        })
    }

    /// The function's process dies, and nothing is reached there for a while.
    pub(super) fn crash(&self, down: Duration) {
        self.stage.log(What::FunctionKilled);
        self.stage.change(|| {
            let mut state = self.state();
            state.down_until = Some(Instant::now() + down);
            state.crashes += 1;
        });
    }

    pub(super) fn is_down(&self) -> bool {
        let until = self.state().down_until;
        until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn crashes(&self) -> u64 {
        self.state().crashes
    }

    /// Waits until the function has crashed more often than that.
    pub(super) async fn crashed(&self, before: u64) {
        self.stage.wait(|| self.crashes() > before).await;
    }

    /// Pushes.
    pub(super) fn act(&self, by: Option<u64>, action: &Action) {
        let number = self.number();
        let Some(handle) = self.state().handle.clone() else {
            return;
        };
        let asked = Push::Asked {
            by,
            action: action.clone(),
        };
        self.stage.log(What::Push(number, asked));
        let answer = handle.act(&action.request());
        let answer = Answer::from(answer);
        self.stage.log(What::Push(number, Push::Answered(answer)));
    }
}

/// Nothing that panics runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
