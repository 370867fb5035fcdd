//! A room where some do not read: the others may not feel it, memory has a bound, and who never reads is let go.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};

use super::fan_out::{ROOM, Room};
use crate::client::{Client, Endpoint};
use crate::report::{Table, figure};
use crate::server::Server;

/// How long a write may stall at the servers that are started for this.
pub(crate) const WRITE_TIMEOUT: &str = "5s";
/// Bytes that the system takes in for a client that does not read.
const RECEIVE_BUFFER: u32 = 8 << 10;
const SETTLED: Duration = Duration::from_secs(6);
/// By then they are gone, whose writes have stalled.
const GONE_WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) members: usize,
    pub(crate) slow: usize,
    pub(crate) size: usize,
    pub(crate) texts: usize,
}

pub(crate) struct Outcome {
    plan: Plan,
    /// Without those who do not read, and with them.
    before: [f64; 4],
    beside: [f64; 4],
    peak: u64,
    left: i64,
    gone: Duration,
}

pub(crate) async fn run(server: &Server, plan: Plan) -> Result<Outcome> {
    let mut room = Room::open(server, plan.members, plan.size).await?;
    for _ in 0..plan.texts {
        room.publish().await?;
    }
    let before = room.latencies.take().percentiles();
    // Idle connections to the function are closed by then: what is counted is clients.
    tokio::time::sleep(SETTLED).await;
    let (memory, files) = (server.gateway.memory(), server.gateway.files());
    // What the system takes in for them would be megabytes each, and hide that they do not read.
    let endpoint = Endpoint {
        receive_buffer: Some(RECEIVE_BUFFER),
        ..server.endpoint.clone()
    };
    let path = server.path_of_room(ROOM);
    let mut slow = Vec::new();
    for _ in 0..plan.slow {
        slow.push(Client::connect(&endpoint, &path, false).await?);
    }
    let mut peak = 0;
    room.some_miss_it();
    for _ in 0..plan.texts {
        room.publish()
            .await
            .context("beside those who do not read")?;
        peak = peak.max(server.gateway.memory());
    }
    let beside = room.latencies.take().percentiles();
    let stalled = Instant::now();
    while server.gateway.files() > files {
        ensure!(
            stalled.elapsed() < GONE_WITHIN,
            "who does not read stays for ever"
        );
        // The room goes on.
        room.publish().await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let gone = stalled.elapsed();
    // What was on its way comes in order, and then the end.
    for mut client in slow {
        let mut last = 0;
        let reading = async {
            loop {
                let number = client.receive(|message| {
                    let number = message
                        .payload
                        .get(..10)
                        .and_then(|digits| std::str::from_utf8(digits).ok());
                    number
                        .and_then(|number| number.parse::<u64>().ok())
                        .context("WRONG: no number")
                });
                match number.await {
                    Ok(number) if number > last => last = number,
                    Ok(number) => break Err(anyhow!("WRONG: {number} after {last}")),
                    Err(error) => break Ok(error),
                }
            }
        };
        let ended = tokio::time::timeout(GONE_WITHIN, reading)
            .await
            .context("who did not read was not let go")??;
        ensure!(last > 0, "nothing came before {ended:#}");
    }
    let left = server.gateway.memory() as i64 - memory as i64;
    room.leave().await?;
    Ok(Outcome {
        plan,
        before,
        beside,
        peak: peak - memory,
        left,
        gone,
    })
}

pub(crate) fn table<'s>(outcomes: impl IntoIterator<Item = (&'s str, Outcome)>) -> Table {
    let mut table = Table::new(&[
        "server",
        "members",
        "do not read",
        "bytes of a text",
        "p50 ms without them",
        "p99",
        "p50 ms beside them",
        "p99",
        "KB more for each of them, at most",
        "KB left",
        "gone after s",
    ]);
    for (name, outcome) in outcomes {
        let ([p50, _, p99, _], [p50_beside, _, p99_beside, _]) = (outcome.before, outcome.beside);
        table.row([
            name.to_owned(),
            outcome.plan.members.to_string(),
            outcome.plan.slow.to_string(),
            outcome.plan.size.to_string(),
            figure(p50),
            figure(p99),
            figure(p50_beside),
            figure(p99_beside),
            figure(outcome.peak as f64 / 1024.0 / outcome.plan.slow as f64),
            (outcome.left / 1024).to_string(),
            figure(outcome.gone.as_secs_f64()),
        ]);
    }
    table
}
