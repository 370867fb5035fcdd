//! Clients that connect, answer pings, and do nothing more.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::task::JoinSet;

use super::{close, connect};
use crate::client::Client;
use crate::report::{Table, figure};
use crate::server::Server;

/// What the first connections make once is not the price of a connection.
const FIRST: usize = 200;
/// What a server does after a connection is over is done by then, and idle connections to a function are closed.
const SETTLED: Duration = Duration::from_secs(4);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    pub(crate) hold: Duration,
    pub(crate) deflate: bool,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) bytes: f64,
    bytes_later: f64,
    /// Microseconds of CPU for each connection in a minute.
    cpu: f64,
    left_bytes: f64,
    left_files: i64,
}

pub(crate) async fn run(server: &Server, plan: Plan) -> Result<Outcome> {
    ensure!(
        !server.gateway.is_none(),
        "whose memory? append #PID to the address"
    );
    let path = server.path_of_echo(0);
    let open = |count| connect(server, count, plan.deflate, |_| path.clone());
    close(open(FIRST).await?).await?;
    tokio::time::sleep(SETTLED).await;
    let (memory, files) = (server.gateway.memory(), server.gateway.files());
    let each = |bytes: u64| (bytes as f64 - memory as f64) / plan.clients as f64;

    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for client in open(plan.clients).await? {
        tasks.spawn_local(wait(client));
    }
    tokio::time::sleep(SETTLED).await;
    let bytes = each(server.gateway.memory());
    let (cpu, begun) = (server.gateway.cpu(), Instant::now());
    tokio::select! {
        () = tokio::time::sleep(plan.hold) => {}
        Some(ended) = tasks.join_next() => ended?.context("an idle client")?,
    }
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let cpu = server.gateway.cpu().since(&cpu).as_nanos() as f64 / 1000.0;
    let bytes_later = each(server.gateway.memory());
    // They vanish; whoever has to hear of it hears of it.
    tasks.shutdown().await;
    tokio::time::sleep(SETTLED).await;
    Ok(Outcome {
        bytes,
        bytes_later,
        cpu: cpu / plan.clients as f64 / minutes,
        left_bytes: each(server.gateway.memory()),
        left_files: server.gateway.files() as i64 - files as i64,
    })
}

async fn wait(mut client: Client) -> Result<()> {
    client
        .receive(|message| bail!("nobody has sent this: {}", message.shown()))
        .await
}

pub(crate) fn table<'s>(outcomes: impl IntoIterator<Item = (&'s str, usize, Outcome)>) -> Table {
    let mut table = Table::new(&[
        "server",
        "connections",
        "private bytes for each",
        "the same later",
        "CPU µs for each in a minute",
        "bytes left of each",
        "files left",
    ]);
    for (name, clients, outcome) in outcomes {
        table.row([
            name.to_owned(),
            clients.to_string(),
            format!("{:.0}", outcome.bytes),
            format!("{:.0}", outcome.bytes_later),
            figure(outcome.cpu),
            format!("{:.0}", outcome.left_bytes),
            outcome.left_files.to_string(),
        ]);
    }
    table
}
