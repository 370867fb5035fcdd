//! One text is published to a room; when every member has it, the next is.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Progress, connect};
use crate::client::Client;
use crate::report::{Latencies, Table, figure, median, micros_each};
use crate::server::{Publisher, Server};

pub(crate) const ROOM: &str = "load";

/// Some servers let a client in before it is subscribed.
const SUBSCRIBED: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) members: usize,
    pub(crate) size: usize,
    pub(crate) rounds: usize,
    pub(crate) round: Duration,
}

/// What came of one server.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Microseconds of CPU for each delivery, by round.
    gateway: Vec<f64>,
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
    let mut rooms = Vec::new();
    for server in servers {
        rooms.push(Room::open(server, plan.members, plan.size).await?);
    }
    tokio::time::sleep(SUBSCRIBED).await;
    let mut outcomes: Vec<Outcome> = servers.iter().map(|_| Outcome::default()).collect();
    // The first round is for warming up.
    for round in 0..=plan.rounds {
        for ((server, room), outcome) in servers.iter().zip(&mut rooms).zip(&mut outcomes) {
            let before = server.gateway.cpu();
            let begun = Instant::now();
            while begun.elapsed() < plan.round {
                let published = room.publish().await;
                published.with_context(|| format!("{}, round {round}", server.name))?;
            }
            let took = begun.elapsed();
            let used = server.gateway.cpu().since(&before);
            let latencies = room.latencies.take();
            if round > 0 {
                outcome.gateway.push(micros_each(used, latencies.len()));
                outcome.took += took;
                outcome.latencies.append(latencies);
            }
        }
    }
    for (server, room) in servers.iter().zip(rooms) {
        room.leave().await.with_context(|| server.name.clone())?;
    }
    Ok(outcomes)
}

pub(crate) fn table(servers: &[Server], outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(&[
        "server",
        "gateway, CPU µs a delivery",
        "× first",
        "deliveries/s",
        "p50 ms",
        "p90",
        "p99",
        "max",
    ]);
    let floor = outcomes.first().map_or(f64::NAN, Outcome::gateway_micros);
    for (server, outcome) in servers.iter().zip(outcomes) {
        let gateway = outcome.gateway_micros();
        let mut cells = vec![
            server.name.clone(),
            figure(gateway),
            figure(gateway / floor),
            figure(outcome.latencies.len() as f64 / outcome.took.as_secs_f64()),
        ];
        cells.extend(outcome.percentiles().map(figure));
        table.row(cells);
    }
    table
}

/// A room and its members, each of which is a task that waits for what comes.
pub(crate) struct Room {
    members: JoinSet<Result<()>>,
    count: usize,
    publisher: Publisher,
    /// There are others in the room, which may be full.
    some_miss_it: bool,
    published: u64,
    size: usize,
    shared: Rc<Shared>,
    pub(crate) latencies: Rc<RefCell<Latencies>>,
    progress: Progress,
}

struct Shared {
    /// The text that is on its way, and since when.
    text: RefCell<String>,
    since: Cell<Instant>,
    /// How many do not have it yet.
    missing: Cell<usize>,
    nobody: Notify,
}

impl Room {
    pub(crate) async fn open(server: &Server, count: usize, size: usize) -> Result<Self> {
        let clients = connect(server, count, false, |_| server.path_of_room(ROOM)).await?;
        let shared = Rc::new(Shared {
            text: RefCell::default(),
            since: Cell::new(Instant::now()),
            missing: Cell::new(0),
            nobody: Notify::new(),
        });
        let (latencies, progress) = (Rc::default(), Progress::default());
        let mut members = JoinSet::new();
        for (number, client) in clients.into_iter().enumerate() {
            let member = listen(
                client,
                Rc::clone(&shared),
                Rc::clone(&latencies),
                progress.clone(),
            );
            members.spawn_local(
                async move { member.await.with_context(|| format!("member {number}")) },
            );
        }
        Ok(Self {
            members,
            count,
            publisher: server.publisher(ROOM)?,
            some_miss_it: false,
            published: 0,
            size,
            shared,
            latencies,
            progress,
        })
    }

    /// Publishes a text, and waits until every member has it.
    pub(crate) async fn publish(&mut self) -> Result<()> {
        self.published += 1;
        let mut text = format!("{:010}", self.published);
        let filler = (b'a'..=b'z').cycle().map(char::from);
        text.extend(filler.take(self.size.saturating_sub(text.len())));
        self.shared.text.borrow_mut().clone_from(&text);
        self.shared.missing.set(self.count);
        self.shared.since.set(Instant::now());
        let (shared, members) = (Rc::clone(&self.shared), &mut self.members);
        let to_all = (!self.some_miss_it).then_some(self.count);
        let published = self.publisher.publish(&text, to_all);
        let arrived = async {
            published.await?;
            while shared.missing.get() > 0 {
                shared.nobody.notified().await;
            }
            Ok(())
        };
        let arrived = self.progress.watch(arrived);
        tokio::select! {
            arrived = arrived => arrived.with_context(|| format!("{} of {} members miss text {}", self.shared.missing.get(), self.count, self.published)),
            Some(ended) = members.join_next() => ended?.and(Err(anyhow!("a member has ended"))),
        }
    }

    /// From now on there are others in the room, which nobody waits for.
    pub(crate) const fn some_miss_it(&mut self) {
        self.some_miss_it = true;
    }

    /// Nothing may come any more; then all leave.
    pub(crate) async fn leave(mut self) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        if let Some(ended) = self.members.try_join_next() {
            ended??;
        }
        self.members.shutdown().await;
        Ok(())
    }
}

async fn listen(
    mut client: Client,
    shared: Rc<Shared>,
    latencies: Rc<RefCell<Latencies>>,
    progress: Progress,
) -> Result<()> {
    let mut last = String::new();
    loop {
        client
            .receive(|message| {
                let text = shared.text.borrow();
                ensure!(
                    message.is_text && message.payload == text.as_bytes(),
                    "WRONG: not what was published but {}",
                    message.shown()
                );
                // The numbers are in front.
                ensure!(text[..10] != last, "TWICE: {}", message.shown());
                last.replace_range(.., &text[..10]);
                Ok(())
            })
            .await?;
        latencies.borrow_mut().add(shared.since.get().elapsed());
        progress.made();
        let missing = shared
            .missing
            .get()
            .checked_sub(1)
            .context("more than was published")?;
        shared.missing.set(missing);
        if missing == 0 {
            shared.nobody.notify_one();
        }
    }
}
