//! Many connect at once, and then many leave at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::close;
use crate::client::Client;
use crate::report::{Latencies, Table, figure, median, micros_each};
use crate::server::Server;

/// The close events of those who left have been delivered by then.
const DELIVERED: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    /// How many wait for their answers at the same time.
    pub(crate) together: usize,
    pub(crate) rounds: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Outcome {
    connect: Vec<f64>,
    leave: Vec<f64>,
    function: Vec<f64>,
    latencies: Latencies,
    took: Duration,
}

impl Outcome {
    pub(crate) fn connect_micros(&self) -> f64 {
        median(self.connect.clone())
    }

    pub(crate) fn percentiles(&self) -> [f64; 4] {
        self.latencies.clone().percentiles()
    }
}

pub(crate) async fn run(servers: &[Server], plan: Plan) -> Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = servers.iter().map(|_| Outcome::default()).collect();
    // The first round is for warming up.
    for round in 0..=plan.rounds {
        for (server, outcome) in servers.iter().zip(&mut outcomes) {
            let (gateway, function) = (server.gateway.cpu(), server.function.cpu());
            let begun = Instant::now();
            let connecting = stream::iter(0..plan.clients).map(|number| async move {
                let begun = Instant::now();
                let path = server.path_of_echo(number);
                let client = Client::connect(&server.endpoint, &path, false).await;
                let client =
                    client.with_context(|| format!("client {number} of {}", server.name))?;
                anyhow::Ok((client, begun.elapsed()))
            });
            let connecting = connecting.buffer_unordered(plan.together);
            let connected: Vec<(Client, Duration)> = connecting.try_collect().await?;
            let took = begun.elapsed();
            let open = server.gateway.cpu();
            let mut latencies = Latencies::default();
            let clients: Vec<Client> = connected
                .into_iter()
                .map(|(client, took)| {
                    latencies.add(took);
                    client
                })
                .collect();
            close(clients).await.with_context(|| server.name.clone())?;
            tokio::time::sleep(DELIVERED).await;
            if round > 0 {
                let each = |used| micros_each(used, plan.clients);
                outcome.connect.push(each(open.since(&gateway)));
                outcome.leave.push(each(server.gateway.cpu().since(&open)));
                outcome
                    .function
                    .push(each(server.function.cpu().since(&function)));
                outcome.latencies.append(latencies);
                outcome.took += took;
            }
        }
    }
    Ok(outcomes)
}

pub(crate) fn table(servers: &[Server], outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(&[
        "server",
        "gateway, CPU µs a connect",
        "× first",
        "and a close",
        "function, CPU µs for both",
        "connects/s",
        "p50 ms",
        "p90",
        "p99",
        "max",
    ]);
    let floor = outcomes.first().map_or(f64::NAN, Outcome::connect_micros);
    for (server, outcome) in servers.iter().zip(outcomes) {
        let mut cells = vec![
            server.name.clone(),
            figure(outcome.connect_micros()),
            figure(outcome.connect_micros() / floor),
            figure(median(outcome.leave.clone())),
            match server.function.is_none() {
                true => "–".to_owned(),
                false => figure(median(outcome.function.clone())),
            },
            figure(outcome.latencies.len() as f64 / outcome.took.as_secs_f64()),
        ];
        cells.extend(outcome.percentiles().map(figure));
        table.row(cells);
    }
    table
}
