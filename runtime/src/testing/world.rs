//! What all parts of a running test share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use wsfn_gateway::testing::Random;

use super::fault::Faults;
use super::outcome::Outcomes;
use super::pushed::Pushed;
use super::record::Record;
use super::seat::Seat;
use crate::connection_id::ConnectionId;

/// How often a call or a push may let others go first.
const TURNS_MAX: usize = 4;

/// The seed and what follows from it, what happened, and what is in store.
#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    started: Instant,
    pub(super) outcomes: Outcomes,
    pub(super) faults: Arc<Faults>,
    random: Mutex<Random>,
    log: Mutex<Log>,
    /// The seed was told already.
    told: AtomicBool,
}

#[derive(Debug, Default)]
struct Log {
    record: Record,
    pushes: Vec<Pushed>,
    seats: Vec<Arc<Seat>>,
    clients: usize,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            started: Instant::now(),
            outcomes: Outcomes::default(),
            faults: Arc::default(),
            random: Mutex::new(Random::new(seed)),
            log: Mutex::default(),
            told: AtomicBool::new(false),
        }
    }

    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// Numbers for somebody of his own.
    pub(super) fn fork(&self) -> Random {
        self.random().fork()
    }

    fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        Instant::now() - self.started
    }

    /// Lets others go first, as often as the seed says.
    pub(super) async fn turn(&self) {
        let turns = self.random().below(TURNS_MAX);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// A number for the next client, from 1.
    pub(super) fn next_client(&self) -> usize {
        let mut log = self.log();
        log.clients += 1;
        log.clients
    }

    pub(super) fn seat(&self, seat: Arc<Seat>) {
        self.log().seats.push(seat);
    }

    /// Something that went over a client's wire.
    pub(super) fn wire(&self, seat: &Seat, what: String) {
        let now = self.now();
        let mut log = self.log();
        log.record.wire(now, seat.number, &seat.name, what);
    }

    /// Something about a connection.
    pub(super) fn note(&self, id: &str, what: String) {
        let now = self.now();
        let mut log = self.log();
        let who = log.name(id);
        log.record.note(now, who, what);
    }

    /// A push, and what came of it.
    pub(super) fn pushed(&self, pushed: Pushed) {
        let mut log = self.log();
        let names: Vec<String> = pushed.ids.iter().map(|id| log.name(id.as_str())).collect();
        let what = pushed.line(&names);
        log.record.note(pushed.at, "push".to_owned(), what);
        log.pushes.push(pushed);
    }

    /// A push that is recorded next, as of now.
    pub(super) fn at(&self) -> Duration {
        self.now()
    }

    pub(super) fn pushes(&self) -> Vec<Pushed> {
        self.log().pushes.clone()
    }

    pub(super) fn history(&self) -> String {
        self.log().record.history()
    }

    pub(super) fn conversation(&self, client: usize) -> String {
        self.log().record.conversation(client)
    }

    /// How a failing test is run again.
    pub(super) fn how_again(&self) -> String {
        self.told.store(true, Ordering::Relaxed);
        how_again(self.seed)
    }

    /// Tells the seed of a test that failed by itself.
    pub(super) fn tell_seed(&self) {
        if !self.told.swap(true, Ordering::Relaxed) {
            eprintln!("{}", how_again(self.seed));
        }
    }
}

impl Log {
    /// The client that has this id, or what may be shown of it.
    fn name(&self, id: &str) -> String {
        let seat = self
            .seats
            .iter()
            .find(|seat| seat.end.id().is_some_and(|known| *known == *id));
        seat.map_or_else(
            || format!("{:?}", ConnectionId::new(id)),
            |seat| seat.name.clone(),
        )
    }
}

pub(super) fn how_again(seed: u64) -> String {
    format!(
        "the seed was {seed}: WSFN_TEST_SEED={seed} in the environment, or TestApp::seed({seed}), runs it the same way again"
    )
}
