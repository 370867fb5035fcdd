//! One life under load in which the gateway, and what stands behind it, are killed again and again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use wsfn_gateway::testing::Random;

use super::history::{History, carry_out, come};
use super::{Behind, Programs};
use crate::life::Phase;
use crate::log::Log;

/// How many clients come between two kills: enough that some are registering, open and closing at each.
const CLIENTS: usize = 6;

/// How long a function may take to be back on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was seen while the gateway was killed so often, with its journal, and the function with every second one, in a
/// folder that is its own.
///
/// # Errors
/// When a process cannot be started, or does not listen.
pub fn endure(
    kills: usize,
    seed: u64,
    behind: Behind,
    programs: &Programs,
    folder: &Path,
) -> Result<Log, String> {
    // A seed whose gateway has a directory.
    let seed = seed * 4;
    carry_out(seed, behind, programs, folder, async |history, random| {
        history.start().await?;
        let clients = history.endure(kills, random).await?;
        history.end(clients).await;
        Ok(())
    })
}

impl History {
    async fn endure(&self, kills: usize, random: &mut Random) -> Result<JoinSet<()>, String> {
        let address = self.parts(|parts| parts.listen);
        let mut clients = JoinSet::new();
        let pushes = self.push_on(random.fork());
        let (mut number, mut read) = (0, 0);
        let (mut pauses, mut random) = (random.fork(), random.fork());
        let rounds = async {
            for kill in 0..kills {
                let (until, mut come_by, mut connects) = (Instant::now() + PATIENCE, 0, 0);
                // Who is only about to connect is nobody's loss; and while the function is not back, nobody is let in.
                while come_by < CLIENTS || connects < CLIENTS / 2 {
                    if Instant::now() > until {
                        let said = self.parts(|parts| parts.said());
                        return Err(format!("{connects} of {come_by} clients connect: {said}"));
                    }
                    (number, come_by) = (number + 1, come_by + 1);
                    let (stage, random) = (Arc::clone(&self.stage), random.fork());
                    clients.spawn(come(stage, address, random, number));
                    let pause = if come_by < CLIENTS { 40 } else { 400 };
                    sleep(milliseconds(pauses.below(pause))).await;
                    connects += self.connects(&mut read);
                }
                sleep(milliseconds(random.below(300))).await;
                if kill % 2 == 1 {
                    self.kill_function(milliseconds(random.below(50))).await?;
                    sleep(milliseconds(random.below(50))).await;
                }
                self.kill_gateway(milliseconds(random.below(50))).await?;
            }
            Ok::<(), String>(())
        };
        tokio::select! {
            done = rounds => done?,
            () = pushes => {}
        }
        Ok(clients)
    }

    /// Pushes as somebody who is in no call, until all is calm.
    async fn push_on(&self, mut random: Random) {
        while self.stage.phase() == Phase::Wild {
            self.push_something(&mut random).await;
        }
    }
}

const fn milliseconds(count: usize) -> Duration {
    Duration::from_millis(count as u64)
}
