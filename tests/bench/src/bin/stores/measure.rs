//! The operations, how they are timed, and how their round trips are counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wsfn::rooms::{Members, Store, Terms, open};
use wsfn::{ConnectionId, Rooms};
use wsfn_bench::cpu_time;

use crate::gateway::ROOMS;
use crate::round_trips::RoundTrips;

/// The text of a broadcast.
const MESSAGE: &str = "0123456789012345678901234567890123456789012345678901234567890123";

/// Members in a page.
const PAGE: usize = 100;

/// How often an operation is done to count its round trips.
const COUNTED: usize = 20;

/// How long is waited for what an operation leaves to be done behind its back.
const AFTERWARDS: Duration = Duration::from_millis(100);

/// What can be measured, and how often it is done.
pub(crate) const OPERATIONS: [(&str, usize); 9] = [
    ("first join of a process", 50),
    ("join", 500),
    ("leave", 500),
    ("forget", 500),
    ("page of 100, first", 200),
    ("page of 100, next", 200),
    ("broadcast to 10", 200),
    ("broadcast to 1,000", 50),
    ("broadcast to 10,000", 20),
];

/// What others are compared to.
pub(crate) const ENDPOINT: &str = "gateway, push endpoint";

/// What one operation took.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) operation: String,
    /// Microseconds.
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) cpu: f64,
    /// To the store, or fsyncs of the file.
    pub(crate) trips: Option<f64>,
    /// To the gateway.
    pub(crate) pushes: Option<f64>,
}

/// Does it until it is done. A disk that others keep busy makes a store give up at times; that is part of what it takes,
/// and it is said.
macro_rules! insist {
    ($done:expr) => {
        loop {
            match $done.await {
                Ok(done) => break done,
                Err(error) if error.is_timeout() || error.to_string().contains("now") => {
                    eprintln!("again: {error}");
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
}
pub(crate) use insist;

/// Where rooms are.
pub(crate) struct Target {
    rooms: Rooms,
    store: Option<Arc<dyn Store>>,
    /// Its address, where a process could connect to it.
    url: Option<String>,
    ids: Vec<ConnectionId>,
    /// Readers of pages who have had the first.
    begun: Mutex<Vec<Members>>,
}

impl Target {
    pub(crate) const fn gateway(rooms: Rooms, ids: Vec<ConnectionId>) -> Self {
        Self {
            rooms,
            store: None,
            url: None,
            ids,
            begun: Mutex::new(Vec::new()),
        }
    }

    pub(crate) fn store(
        rooms: Rooms,
        store: Arc<dyn Store>,
        url: Option<String>,
        ids: Vec<ConnectionId>,
    ) -> Self {
        Self {
            rooms,
            store: Some(store),
            url,
            ids,
            begun: Mutex::new(Vec::new()),
        }
    }

    /// Does it for the `at`th time; how long it took. `None` where there is no such operation.
    async fn perform(&self, operation: &str, at: usize) -> Option<Duration> {
        // Joined and left by one each.
        let id = &self.ids[at % self.ids.len()];
        let begun = Instant::now();
        match operation {
            "first join of a process" => {
                let store = open(self.url.as_ref()?).expect("an address");
                insist!(store.join(id, "first", &Terms::default()));
            }
            "join" => insist!(self.rooms.join("joined", id)),
            "leave" => insist!(self.rooms.leave("joined", id)),
            "forget" => {
                let (id, store) = (ConnectionId::new(forgotten(at)), self.store.as_ref()?);
                insist!(store.forget(&id, &Terms::default()));
            }
            "page of 100, first" => {
                let mut members = self.rooms.members("all").limit(PAGE);
                let page = insist!(members.next()).expect("a page");
                assert_eq!((page.ids.len(), page.count), (PAGE, ROOMS[2].1));
            }
            "page of 100, next" => {
                let members = self.begun.lock().expect("nobody panicked").pop();
                let mut members = members.expect("one is prepared");
                let page = insist!(members.next()).expect("a page");
                assert_eq!(page.ids.len(), PAGE);
            }
            broadcast => {
                let room = match broadcast {
                    "broadcast to 10" => ROOMS[0],
                    "broadcast to 1,000" => ROOMS[1],
                    _ => ROOMS[2],
                };
                let report = insist!(self.rooms.broadcast(room.0, MESSAGE));
                assert_eq!(report.delivered(), room.1, "{:?}", report.failed().first());
            }
        }
        Some(begun.elapsed())
    }

    /// What has to be done before, and is not to be measured.
    async fn prepare(&self, operation: &str, times: usize) {
        match (operation, &self.store) {
            ("leave", _) => {
                for at in 0..times {
                    self.perform("join", at).await;
                }
            }
            ("forget", Some(store)) => {
                ROUND.fetch_add(1, Ordering::Relaxed);
                for at in 0..times {
                    let id = ConnectionId::new(forgotten(at));
                    insist!(store.join(&id, "forgotten", &Terms::default()));
                }
            }
            ("page of 100, next", _) => {
                let mut begun = Vec::new();
                for _ in 0..times {
                    let mut members = self.rooms.members("all").limit(PAGE);
                    insist!(members.next());
                    begun.push(members);
                }
                *self.begun.lock().expect("nobody panicked") = begun;
            }
            _ => {}
        }
    }
}

/// Who is forgotten comes no more: each round has its own.
static ROUND: AtomicUsize = AtomicUsize::new(0);

fn forgotten(at: usize) -> String {
    format!("forgotten-{}-{at:06}", ROUND.load(Ordering::Relaxed))
}

/// Times all operations.
pub(crate) async fn time(target: &Target) -> Vec<Figures> {
    let mut all = Vec::new();
    for (operation, times) in OPERATIONS {
        let warming = times / 10;
        target.prepare(operation, warming + times).await;
        // Connections and caches are made once.
        for at in 0..warming {
            target.perform(operation, at).await;
        }
        let (mut took, before) = (Vec::new(), cpu_time());
        for at in warming..warming + times {
            let Some(one) = target.perform(operation, at).await else {
                break;
            };
            took.push(one.as_secs_f64() * 1e6);
            if operation.starts_with("broadcast") {
                // The members read meanwhile: what is measured is no full queue.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        if took.is_empty() {
            continue;
        }
        let cpu = (cpu_time() - before).as_secs_f64() * 1e6 / took.len() as f64;
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took[(took.len() as f64 * share) as usize];
        all.push(Figures {
            operation: operation.to_owned(),
            median: at(0.5),
            p99: at(0.99),
            cpu,
            trips: None,
            pushes: None,
        });
    }
    all
}

/// Counts the round trips of all operations, through proxies that stand before the store and before the gateway.
pub(crate) async fn count(
    target: &Target,
    figures: &mut [Figures],
    store: Option<&RoundTrips>,
    gateway: &RoundTrips,
) {
    let so_far = async || {
        tokio::time::sleep(AFTERWARDS).await;
        (store.map_or(0, RoundTrips::count), gateway.count())
    };
    for figures in figures {
        let operation = &*figures.operation;
        target.prepare(operation, COUNTED + 1).await;
        // Connections are made once.
        target.perform(operation, 0).await;
        let before = so_far().await;
        for at in 0..COUNTED {
            target.perform(operation, at + 1).await;
        }
        let after = so_far().await;
        let trips = (after.0 - before.0) as f64 / COUNTED as f64;
        let pushes = (after.1 - before.1) as f64 / COUNTED as f64;
        figures.trips = store.map(|_| trips);
        figures.pushes = Some(pushes);
    }
}

/// A table for each operation.
pub(crate) fn print(all: &[(&str, Vec<Figures>)]) {
    for (operation, _) in OPERATIONS {
        println!(
            "\n{operation:<24} {:>10} {:>10} {:>10} {:>12} {:>12} {:>8}",
            "median µs", "p99 µs", "CPU µs", "to store", "to gateway", "ratio"
        );
        let found = all.iter().filter_map(|(name, figures)| {
            let one = figures.iter().find(|one| one.operation == operation)?;
            Some((*name, one))
        });
        // Our gateway forgets by itself.
        let floor = all
            .iter()
            .filter(|(name, _)| *name == ENDPOINT)
            .flat_map(|(_, figures)| figures)
            .find(|one| one.operation == operation)
            .map(|one| one.median);
        for (name, one) in found {
            let count = |count: Option<f64>| count.map_or("-".to_owned(), |n| format!("{n:.2}"));
            println!(
                "{name:<24} {:>10.0} {:>10.0} {:>10.0} {:>12} {:>12} {:>8}",
                one.median,
                one.p99,
                one.cpu,
                count(one.trips),
                count(one.pushes),
                count(floor.map(|floor| one.median / floor))
            );
        }
    }
    println!(
        "\nTime and CPU of the process that asks, without the proxies that count; `to store` counts round trips, and \
         fsyncs for SQLite; the ratio is that of the medians, to our gateway over its push endpoint."
    );
}
