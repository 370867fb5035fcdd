//! What clients and functions do, wherever the gateway runs.

pub(crate) mod client;
mod frames;
pub(crate) mod plan;
mod stage;
mod wire;

use std::time::Duration;

use wsfn_gateway::testing::Random;

pub(crate) use stage::{Phase, Stage};
pub(crate) use wire::Wire;

/// Few, so that many meet in each.
pub(crate) const ROOMS: [&str; 3] = ["red", "green", "blue"];

/// How fast they live: in minutes where time costs nothing, in seconds where it passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// By what pauses are divided.
    pub(crate) faster: u64,
    /// `invoke-timeout`.
    pub(crate) timeout: Duration,
    /// How long a client reads on in a calm world before it says that it has got everything.
    pub(crate) read_on: Duration,
    /// How long it waits for an end that it asked for.
    pub(crate) patience: Duration,
}

impl Pace {
    /// Mostly no time at all, or next to none.
    pub(crate) fn pause(&self, random: &mut Random) -> Duration {
        let milliseconds = match random.below(12) {
            0..=4 => 0,
            5..=9 => 1 + random.below(20),
            10 => 100 + random.below(400),
            _ => 1000 + random.below(1000),
        };
        Duration::from_millis(milliseconds as u64 / self.faster)
    }
}

/// Waits; not at all is not a turn of the scheduler.
pub(crate) async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
