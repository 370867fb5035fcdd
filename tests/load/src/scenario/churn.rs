//! Clients come and go while others stay: nobody may feel it, and nothing may be left of those who have gone.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;

use super::{Progress, all, close, connect};
use crate::client::{Client, frame};
use crate::report::{Latencies, Table, figure, micros_each};
use crate::server::Server;

/// What a server does after a connection is over is done by then, and idle connections to a function are closed.
const SETTLED: Duration = Duration::from_secs(6);
/// Between two texts of one who stays.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) stay: usize,
    pub(crate) come_and_go: usize,
    pub(crate) time: Duration,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    visits: usize,
    /// Microseconds of CPU for a visit: a connect, a text, a close. Without what those who stay cost.
    gateway: f64,
    function: f64,
    took: Duration,
    /// Of a text of those who stay, and of a connect.
    texts: Latencies,
    connects: Latencies,
    left_bytes: i64,
    left_files: i64,
}

pub(crate) async fn run(server: &Server, plan: Plan) -> Result<Outcome> {
    let path = server.path_of_echo(0);
    let open = |count| connect(server, count, false, |_| path.clone());
    close(open(plan.stay + plan.come_and_go).await?).await?;
    tokio::time::sleep(SETTLED).await;
    let (memory, files) = (server.gateway.memory(), server.gateway.files());

    let until = Instant::now() + plan.time;
    let texts = Rc::new(RefCell::new(Latencies::default()));
    let connects = Rc::new(RefCell::new(Latencies::default()));
    let progress = Progress::default();
    let (gateway, function) = (server.gateway.cpu(), server.function.cpu());
    let mut tasks: JoinSet<Result<usize>> = JoinSet::new();
    let staying = connect(server, plan.stay, false, |number| {
        server.path_of_echo(number)
    });
    for (number, client) in staying.await?.into_iter().enumerate() {
        let (texts, progress) = (Rc::clone(&texts), progress.clone());
        tasks.spawn_local(async move {
            let stayed = stay(client, number, until, texts, progress).await;
            stayed
                .map(|()| 0)
                .with_context(|| format!("one who stays, {number}"))
        });
    }
    for number in plan.stay..plan.stay + plan.come_and_go {
        let (connects, progress) = (Rc::clone(&connects), progress.clone());
        let (endpoint, path) = (server.endpoint.clone(), server.path_of_echo(number));
        tasks.spawn_local(async move {
            let mut visits = 0;
            while Instant::now() < until {
                visits += 1;
                let begun = Instant::now();
                let mut client = Client::connect(&endpoint, &path, false).await?;
                connects.borrow_mut().add(begun.elapsed());
                ask(&mut client, number, visits).await?;
                // Every other one vanishes.
                if visits % 2 == 0 {
                    client.close().await?;
                }
                progress.made();
            }
            Ok(visits)
        });
    }
    let begun = Instant::now();
    let visits = progress.watch(all(tasks)).await?.into_iter().sum::<usize>();
    let took = begun.elapsed();
    tokio::time::sleep(SETTLED).await;
    ensure!(visits > 0, "nobody came");
    Ok(Outcome {
        visits,
        gateway: micros_each(server.gateway.cpu().since(&gateway), visits),
        function: micros_each(server.function.cpu().since(&function), visits),
        took,
        texts: texts.take(),
        connects: connects.take(),
        left_bytes: server.gateway.memory() as i64 - memory as i64,
        left_files: server.gateway.files() as i64 - files as i64,
    })
}

async fn stay(
    mut client: Client,
    number: usize,
    until: Instant,
    texts: Rc<RefCell<Latencies>>,
    progress: Progress,
) -> Result<()> {
    let mut sent = 0;
    while Instant::now() < until {
        sent += 1;
        let begun = Instant::now();
        ask(&mut client, number, sent).await?;
        texts.borrow_mut().add(begun.elapsed());
        progress.made();
        tokio::time::sleep(PAUSE).await;
    }
    client.close().await
}

async fn ask(client: &mut Client, number: usize, sent: usize) -> Result<()> {
    let text = format!("{number:08}{sent:010} {}", "x".repeat(45));
    client.write(&frame(text.as_bytes(), [5, 6, 7, 8])).await?;
    let answer = client.receive(|message| {
        let is_it = message.payload == text.as_bytes();
        ensure!(is_it, "WRONG: {} instead of {text:?}", message.shown());
        Ok(())
    });
    answer.await
}

pub(crate) fn table<'s>(outcomes: impl IntoIterator<Item = (&'s str, Outcome)>) -> Table {
    let mut table = Table::new(&[
        "server",
        "visits",
        "visits/s",
        "gateway, CPU µs a visit",
        "function, CPU µs",
        "connect p50 ms",
        "p99",
        "max",
        "text of who stays p50 ms",
        "p99",
        "max",
        "KB left",
        "files left",
    ]);
    for (name, outcome) in outcomes {
        let [connect, text] = [outcome.connects, outcome.texts].map(Latencies::percentiles);
        let mut cells = vec![
            name.to_owned(),
            outcome.visits.to_string(),
            figure(outcome.visits as f64 / outcome.took.as_secs_f64()),
            figure(outcome.gateway),
            figure(outcome.function),
        ];
        for [p50, _, p99, max] in [connect, text] {
            cells.extend([p50, p99, max].map(figure));
        }
        cells.extend([
            (outcome.left_bytes / 1024).to_string(),
            outcome.left_files.to_string(),
        ]);
        table.row(cells);
    }
    table
}
