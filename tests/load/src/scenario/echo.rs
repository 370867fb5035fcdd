//! Each client sends a text, waits until it comes back, and sends the next.

use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Progress, all, close, connect};
use crate::client::{Client, frame};
use crate::report::{Latencies, Table, figure, median, micros_each};
use crate::server::Server;

/// Of a text the part that says whose it is and which one.
const NUMBERED: usize = 18;
/// What was not waited for has come by then.
const LATER: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) clients: usize,
    /// How many wait for their answers at the same time; the others wait for their turn.
    pub(crate) together: usize,
    pub(crate) size: usize,
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
    /// Texts a second over all clients; each sends as soon as it can where this is none.
    pub(crate) rate: Option<f64>,
}

/// What came of one server.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Microseconds of CPU for each text, by round.
    gateway: Vec<f64>,
    function: Vec<f64>,
    latencies: Latencies,
    took: Duration,
}

impl Outcome {
    pub(crate) fn gateway_micros(&self) -> f64 {
        median(self.gateway.clone())
    }

    pub(crate) fn percentiles(&self) -> [f64; 4] {
        self.latencies.clone().percentiles()
    }
}

/// Servers take turns, so that whatever else the machine does meets all of them.
pub(crate) async fn run(servers: &[Server], plan: Plan) -> Result<Vec<Outcome>> {
    ensure!(
        plan.size >= NUMBERED,
        "--size {}: at least {NUMBERED}, to number texts",
        plan.size
    );
    let mut all_clients = Vec::new();
    for server in servers {
        let clients = connect(server, plan.clients, false, |number| {
            server.path_of_echo(number)
        });
        let clients = clients.await?.into_iter().enumerate();
        let talkers: Vec<Talker> = clients
            .map(|(number, client)| Talker::new(client, number, plan.size))
            .collect();
        all_clients.push(talkers);
    }
    let mut outcomes: Vec<Outcome> = servers.iter().map(|_| Outcome::default()).collect();
    // The first round is for warming up.
    for round in 0..=plan.rounds {
        for ((server, talkers), outcome) in servers.iter().zip(&mut all_clients).zip(&mut outcomes)
        {
            let context = || format!("{}, round {round}", server.name);
            let made = turn(server, talkers, plan).await.with_context(context)?;
            if round > 0 {
                outcome
                    .gateway
                    .push(micros_each(made.gateway, made.latencies.len()));
                outcome
                    .function
                    .push(micros_each(made.function, made.latencies.len()));
                outcome.took += made.took;
                outcome.latencies.append(made.latencies);
            }
        }
    }
    tokio::time::sleep(LATER).await;
    for (server, talkers) in servers.iter().zip(all_clients) {
        let mut clients = Vec::new();
        for mut talker in talkers {
            let more = talker.client.has_more().await?;
            ensure!(
                !more,
                "{}: client {} got more than it sent",
                server.name,
                talker.number
            );
            clients.push(talker.client);
        }
        close(clients).await.with_context(|| server.name.clone())?;
    }
    Ok(outcomes)
}

pub(crate) fn table(servers: &[Server], outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(&[
        "server",
        "gateway, CPU µs a message",
        "× first",
        "function, CPU µs",
        "× first",
        "messages/s",
        "p50 ms",
        "p90",
        "p99",
        "max",
    ]);
    let floor = outcomes.first().map_or(f64::NAN, Outcome::gateway_micros);
    for (server, outcome) in servers.iter().zip(outcomes) {
        let (gateway, function) = (outcome.gateway_micros(), median(outcome.function.clone()));
        let known = |is_none: bool, value: f64| {
            if is_none {
                "–".to_owned()
            } else {
                figure(value)
            }
        };
        let (no_gateway, no_function) = (server.gateway.is_none(), server.function.is_none());
        let mut cells = vec![
            server.name.clone(),
            known(no_gateway, gateway),
            known(no_gateway, gateway / floor),
            known(no_function, function),
            known(no_function, function / floor),
            figure(outcome.latencies.len() as f64 / outcome.took.as_secs_f64()),
        ];
        cells.extend(outcome.percentiles().map(figure));
        table.row(cells);
    }
    table
}

/// A client with the text that it sends next.
struct Talker {
    client: Client,
    number: usize,
    sent: u64,
    text: Vec<u8>,
    frame: Vec<u8>,
    mask: [u8; 4],
}

impl Talker {
    fn new(client: Client, number: usize, size: usize) -> Self {
        let text: Vec<u8> = (b'a'..=b'z').cycle().take(size).collect();
        // Any mask but none at all.
        let mask = (number as u32 ^ 0x9E37_79B9).to_be_bytes();
        Self {
            client,
            number,
            sent: 0,
            frame: frame(&text, mask),
            text,
            mask,
        }
    }

    async fn ask(&mut self) -> Result<()> {
        self.sent += 1;
        let numbers = format!("{:08}{:010}", self.number, self.sent);
        self.text[..NUMBERED].copy_from_slice(numbers.as_bytes());
        let start = self.frame.len() - self.text.len();
        for (at, byte) in numbers.bytes().enumerate() {
            self.frame[start + at] = byte ^ self.mask[at % 4];
        }
        self.client.write(&self.frame).await?;
        let text = &self.text;
        self.client
            .receive(|message| {
                ensure!(
                    message.is_text && message.payload == text,
                    "WRONG: not the text that was sent, {numbers}, but {}",
                    message.shown()
                );
                Ok(())
            })
            .await
    }

    async fn talk(
        mut self,
        pace: Pace,
        turns: Rc<Semaphore>,
        progress: Progress,
    ) -> Result<(Self, Latencies)> {
        let mut latencies = Latencies::default();
        let mut due = pace.first;
        loop {
            let turn = match pace.every {
                None => Some(turns.acquire().await?),
                Some(_) => None,
            };
            let begun = match pace.every {
                None => Instant::now(),
                Some(every) => {
                    tokio::time::sleep_until(due.into()).await;
                    // It counts from when it was due, also where the one before came late.
                    let begun = due;
                    due += every;
                    begun
                }
            };
            if begun >= pace.until {
                return Ok((self, latencies));
            }
            let asked = self.ask().await;
            asked.with_context(|| format!("client {}", self.number))?;
            latencies.add(begun.elapsed());
            progress.made();
            drop(turn);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    first: Instant,
    every: Option<Duration>,
    until: Instant,
}

struct Turn {
    gateway: Duration,
    function: Duration,
    latencies: Latencies,
    took: Duration,
}

async fn turn(server: &Server, talkers: &mut Vec<Talker>, plan: Plan) -> Result<Turn> {
    let progress = Progress::default();
    let every = plan
        .rate
        .map(|rate| Duration::from_secs_f64(talkers.len() as f64 / rate));
    let count = u32::try_from(talkers.len())?;
    let (gateway, function) = (server.gateway.cpu(), server.function.cpu());
    let begun = Instant::now();
    let turns = Rc::new(Semaphore::new(plan.together));
    let mut tasks = JoinSet::new();
    for (number, talker) in (0..).zip(talkers.drain(..)) {
        let pace = Pace {
            first: begun + every.unwrap_or_default() * number / count,
            every,
            until: begun + plan.round,
        };
        tasks.spawn_local(talker.talk(pace, Rc::clone(&turns), progress.clone()));
    }
    let done = progress.watch(all(tasks)).await?;
    let took = begun.elapsed();
    let mut turn = Turn {
        gateway: server.gateway.cpu().since(&gateway),
        function: server.function.cpu().since(&function),
        latencies: Latencies::default(),
        took,
    };
    for (talker, latencies) in done {
        talkers.push(talker);
        turn.latencies.append(latencies);
    }
    Ok(turn)
}
