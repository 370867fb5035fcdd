//! Hours of an ordinary life in short: clients that stay and clients that come and go, broadcasts, functions that are
//! killed, and settings that are read again. In the end everything has to be as it was in the beginning.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;
use tokio::task::JoinSet;
use wsfn_load::post::Poster;

use crate::client::{Client, Closed, Refused, frame};
use crate::meter::{self, Processes};
use crate::report::{Latencies, Table, figure};
use crate::scenario::all;
use crate::server::{How, SOAK, Server};

const ROOM: &str = "soak";
/// The name of its program.
const FUNCTION: &str = "function";
/// Processes of the function that the gateway starts; as many at the start as later, so that files can be compared.
const EXEC: &str = "4";

const KILL_EXEC_EVERY: Duration = Duration::from_secs(20);
const KILL_HTTP_EVERY: Duration = Duration::from_secs(45);
/// For so long nobody answers connects and closes.
const HTTP_IS_DOWN: Duration = Duration::from_secs(2);
const RELOAD_EVERY: Duration = Duration::from_secs(30);
const BROADCAST_EVERY: Duration = Duration::from_secs(1);
const SAMPLE_EVERY: Duration = Duration::from_secs(60);
/// The same life before the first look, so that what is made once is made: twice all of the above, and memory that the
/// allocator keeps for the next.
const WARM_UP: Duration = Duration::from_secs(120);

/// What goes wrong so soon after a function was killed went wrong for that.
const TROUBLE_LASTS: Duration = Duration::from_secs(15);
/// An answer that takes longer is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// The last close events are delivered by then, those that had to be tried again too.
const QUIET_WITHIN: Duration = Duration::from_secs(120);
/// What a gateway keeps for the next is freed, or in use again, by then.
const SETTLED: Duration = Duration::from_secs(15);

/// What may be left in the end: an allocator's slack, and nothing that grows with the connections that there were.
const MEMORY_LEFT: f64 = 1.25;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) time: Duration,
    pub(crate) stay: usize,
    pub(crate) come_and_go: usize,
}

/// What all clients write down.
#[derive(Debug)]
struct Life {
    until: Instant,
    trouble: Cell<Instant>,
    connects: Cell<u64>,
    answers: Cell<u64>,
    broadcasts: Cell<u64>,
    refused: RefCell<BTreeMap<String, u64>>,
    closed: RefCell<BTreeMap<String, u64>>,
    /// How long the answers of the last minute took.
    latencies: RefCell<Latencies>,
}

impl Life {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn trouble(&self) {
        self.trouble.set(Instant::now());
    }

    /// Writes down why a client was refused or closed, where it may be.
    fn explain(&self, error: anyhow::Error) -> Result<()> {
        let (reasons, reason) = if let Some(refused) = error.downcast_ref::<Refused>() {
            (&self.refused, refused.status().to_owned())
        } else if let Some(Closed {
            code: Some(code), ..
        }) = error.downcast_ref()
        {
            (&self.closed, code.to_string())
        } else {
            return Err(error);
        };
        let known = ["502", "503", "504", "1011", "1013"].contains(&&*reason);
        ensure!(
            known && self.trouble.get().elapsed() < TROUBLE_LASTS,
            error.context("no function was killed, and yet")
        );
        *reasons.borrow_mut().entry(reason).or_default() += 1;
        Ok(())
    }
}

fn count(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

pub(crate) async fn run(how: How, plan: Plan) -> Result<()> {
    let mut how = how;
    how.settings.extend([
        ("WSFN_EXEC_MIN", EXEC.to_owned()),
        ("WSFN_EXEC_MAX", EXEC.to_owned()),
    ]);
    let mut server = Server::start(SOAK, &how).await?;
    let mut admin = Poster::new(server.admin.context("a gateway of ours")?);

    live(&mut server, plan, WARM_UP, &mut |_, _| {}).await?;
    quiet(&mut admin).await?;
    tokio::time::sleep(SETTLED).await;
    let began = Sample::take(&server);
    let mut table = Table::new(&Sample::HEADS);
    let mut tell = |when: &str, sample: &Sample, life: Option<&Life>| {
        table.row(sample.cells(when, life));
        // The last line, as it comes; the whole table in the end.
        print!("{}", table.to_string().lines().last().unwrap_or_default());
        println!();
        let _ = std::io::stdout().flush();
    };
    tell("before", &began, None);

    let started = Instant::now();
    let mut look = |server: &Server, life: &Life| {
        let minutes = started.elapsed().as_secs() / 60;
        tell(&format!("{minutes} min"), &Sample::take(server), Some(life));
    };
    let (life, kills) = live(&mut server, plan, plan.time, &mut look).await?;
    quiet(&mut admin).await?;
    tokio::time::sleep(SETTLED).await;
    server.lives()?;
    let ended = Sample::take(&server);
    tell("after", &ended, Some(&life));

    println!("\n{table}");
    println!(
        "{} connects, {} answers, {} broadcasts heard; {} processes of exec and {} functions behind HTTP were killed, \
         settings read again {} times",
        life.connects.get(),
        life.answers.get(),
        life.broadcasts.get(),
        kills.exec,
        kills.http,
        kills.reloads
    );
    println!(
        "soon after a kill: refused with {:?}, closed with {:?}; at any other time: none",
        life.refused.borrow(),
        life.closed.borrow()
    );
    let (_, numbers) = admin.get("/metrics").await?;
    for name in [
        "wsfn_closes_given_up_total",
        "wsfn_journal_errors_total",
        "wsfn_journal_entries",
    ] {
        let value = metric(&numbers, name)?;
        println!("{name} {value}");
        ensure!(value == 0.0, "{name} is {value}");
    }
    ensure!(
        ended.files == began.files,
        "{} files were open and {} are",
        began.files,
        ended.files
    );
    ensure!(
        ended.memory as f64 <= began.memory as f64 * MEMORY_LEFT,
        "memory was {} bytes and is {}",
        began.memory,
        ended.memory
    );
    println!("connections, files and memory are back");
    Ok(())
}

/// Clients, broadcasts and what befalls the server for a while, until all clients have left. Looks at it now and then.
async fn live(
    server: &mut Server,
    plan: Plan,
    time: Duration,
    look: &mut impl FnMut(&Server, &Life),
) -> Result<(Rc<Life>, Kills)> {
    let life = Rc::new(Life {
        until: Instant::now() + time,
        trouble: Cell::new(Instant::now()),
        connects: Cell::new(0),
        answers: Cell::new(0),
        broadcasts: Cell::new(0),
        refused: RefCell::default(),
        closed: RefCell::default(),
        latencies: RefCell::default(),
    });
    let endpoint = Rc::new(server.endpoint.clone());
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for number in 0..plan.stay + plan.come_and_go {
        let stays = number < plan.stay;
        let person = Person {
            life: Rc::clone(&life),
            endpoint: Rc::clone(&endpoint),
            number,
            sent: 0,
            heard: None,
            dice: number as u64 + 1,
        };
        tasks.spawn_local(async move {
            let lived = if stays {
                person.stay().await
            } else {
                person.come_and_go().await
            };
            lived.with_context(|| format!("client {number}"))
        });
    }
    let mut publisher = server.publisher(ROOM)?;
    let broadcasting = Rc::clone(&life);
    tasks.spawn_local(async move {
        let mut number = 0;
        while !broadcasting.is_over() {
            number += 1;
            publisher.publish(&format!("to all {number}"), None).await?;
            tokio::time::sleep(BROADCAST_EVERY).await;
        }
        Ok(())
    });
    let kills = tokio::select! {
        kills = happen(server, &life, look) => kills?,
        ended = first_failure(&mut tasks) => return Err(ended),
    };
    let ending = tokio::time::timeout(LOST_AFTER, all(tasks));
    ending.await.context("clients do not come to their end")??;
    Ok((life, kills))
}

/// The first task that failed. Never where none does.
async fn first_failure(tasks: &mut JoinSet<Result<()>>) -> anyhow::Error {
    loop {
        match tasks.join_next().await {
            None => std::future::pending().await,
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error))) => return error,
            Some(Err(error)) => return error.into(),
        }
    }
}

#[derive(Debug, Default)]
struct Kills {
    exec: usize,
    http: usize,
    reloads: usize,
}

/// What befalls the server, until shortly before the end.
async fn happen(
    server: &mut Server,
    life: &Life,
    sample: &mut impl FnMut(&Server, &Life),
) -> Result<Kills> {
    let now = Instant::now();
    let mut kills = Kills::default();
    let (mut exec, mut http) = (now + KILL_EXEC_EVERY, now + KILL_HTTP_EVERY);
    let (mut reload, mut look) = (now + RELOAD_EVERY, now + SAMPLE_EVERY);
    let gateway = server.gateway.ids()[0];
    loop {
        let next = exec.min(http).min(reload).min(look);
        if next >= life.until {
            tokio::time::sleep_until(life.until.into()).await;
            return Ok(kills);
        }
        tokio::time::sleep_until(next.into()).await;
        server.lives()?;
        if next == look {
            sample(server, life);
            look += SAMPLE_EVERY;
        } else if next == reload {
            meter::signal(gateway, Signal::HUP);
            kills.reloads += 1;
            reload += RELOAD_EVERY;
        } else if next == exec {
            // Without the shell that watches over them.
            let mut processes = Processes::Below(gateway).ids();
            processes.retain(|id| meter::name(*id) == FUNCTION);
            processes.sort_unstable();
            if let Some(process) = processes.get(kills.exec % processes.len().max(1)) {
                life.trouble();
                meter::signal(*process, Signal::KILL);
                kills.exec += 1;
            }
            exec += KILL_EXEC_EVERY;
        } else {
            let function = server.function_program().context("a function")?;
            life.trouble();
            function.kill();
            tokio::time::sleep(HTTP_IS_DOWN).await;
            function.restart().await?;
            life.trouble();
            kills.http += 1;
            http += KILL_HTTP_EVERY;
        }
    }
}

/// Waits until nobody is there any more, and no close event waits.
async fn quiet(admin: &mut Poster) -> Result<()> {
    let asked = Instant::now();
    loop {
        let (_, numbers) = admin.get("/metrics").await?;
        let left =
            metric(&numbers, "wsfn_connections")? + metric(&numbers, "wsfn_journal_entries")?;
        if left == 0.0 {
            return Ok(());
        }
        ensure!(
            asked.elapsed() < QUIET_WITHIN,
            "connections are left:\n{numbers}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The sum over all labels.
fn metric(numbers: &str, name: &str) -> Result<f64> {
    let mut sum = None;
    for line in numbers.lines() {
        let rest = line
            .strip_prefix(name)
            .filter(|rest| rest.starts_with([' ', '{']));
        if let Some(value) = rest.and_then(|rest| rest.rsplit(' ').next()) {
            *sum.get_or_insert(0.0) += value.parse::<f64>()?;
        }
    }
    sum.with_context(|| format!("no {name} in {numbers}"))
}

#[derive(Debug)]
struct Sample {
    memory: u64,
    files: usize,
    processes: usize,
}

impl Sample {
    const HEADS: [&str; 10] = [
        "when",
        "private KB",
        "files",
        "exec processes",
        "connects",
        "answers",
        "p50 ms",
        "p90",
        "p99",
        "max",
    ];

    fn take(server: &Server) -> Self {
        Self {
            memory: server.gateway.memory(),
            files: server.gateway.files(),
            processes: server.function.ids().len(),
        }
    }

    fn cells(&self, when: &str, life: Option<&Life>) -> Vec<String> {
        let mut cells = vec![
            when.to_owned(),
            (self.memory / 1024).to_string(),
            self.files.to_string(),
            self.processes.to_string(),
        ];
        if let Some(life) = life {
            cells.extend([
                life.connects.get().to_string(),
                life.answers.get().to_string(),
            ]);
            cells.extend(life.latencies.take().percentiles().map(figure));
        }
        cells.resize(Self::HEADS.len(), "–".to_owned());
        cells
    }
}

/// A client's life, over many connections.
struct Person {
    life: Rc<Life>,
    endpoint: Rc<crate::client::Endpoint>,
    number: usize,
    sent: u64,
    /// The number of the last broadcast on this connection.
    heard: Option<u64>,
    dice: u64,
}

impl Person {
    /// Talks about once a second, on one connection as long as that lasts.
    async fn stay(mut self) -> Result<()> {
        while !self.life.is_over() {
            let path = format!("/{ROOM}");
            if let Some(mut client) = self.connect(&path).await? {
                if let Err(error) = self.talk(&mut client, u64::MAX, 1500).await {
                    self.life.explain(error)?;
                    continue;
                }
                self.goodbye(client).await?;
            }
        }
        Ok(())
    }

    /// Says something, goes, and comes back.
    async fn come_and_go(mut self) -> Result<()> {
        while !self.life.is_over() {
            if let Some(mut client) = self.connect("/").await? {
                let texts = self.throw(3) + 1;
                if let Err(error) = self.talk(&mut client, texts, 50).await {
                    self.life.explain(error)?;
                } else if self.throw(2) == 0 {
                    self.goodbye(client).await?;
                } // Else it vanishes.
            }
            let pause = self.throw(400);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Ok(())
    }

    async fn connect(&mut self, path: &str) -> Result<Option<Client>> {
        self.heard = None;
        let connecting = Client::connect(&self.endpoint, path, false);
        match tokio::time::timeout(LOST_AFTER, connecting)
            .await
            .context("LOST: a handshake")?
        {
            Ok(client) => {
                count(&self.life.connects);
                Ok(Some(client))
            }
            Err(error) => {
                self.life.explain(error)?;
                tokio::time::sleep(Duration::from_millis(500)).await;
                Ok(None)
            }
        }
    }

    /// Says goodbye; that a function was killed may come first.
    async fn goodbye(&self, client: Client) -> Result<()> {
        let closing = tokio::time::timeout(LOST_AFTER, client.close()).await;
        match closing.context("LOST: the answer to a close frame")? {
            Ok(()) => Ok(()),
            Err(error) => self.life.explain(error),
        }
    }

    async fn talk(&mut self, client: &mut Client, texts: u64, pause: u64) -> Result<()> {
        for _ in 0..texts {
            if self.life.is_over() {
                break;
            }
            self.sent += 1;
            let text = format!("{:08}{:010} {}", self.number, self.sent, "x".repeat(45));
            let begun = Instant::now();
            client.write(&frame(text.as_bytes(), [1, 2, 3, 4])).await?;
            let answered = tokio::time::timeout(LOST_AFTER, self.answer(client, &text)).await;
            answered.with_context(|| format!("LOST: {text}"))??;
            count(&self.life.answers);
            self.life.latencies.borrow_mut().add(begun.elapsed());
            let pause = self.throw(pause);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Ok(())
    }

    /// Waits for the answer; broadcasts may come before it.
    async fn answer(&mut self, client: &mut Client, text: &str) -> Result<()> {
        loop {
            let broadcast = client.receive(|message| {
                if message.payload == text.as_bytes() {
                    return Ok(None);
                }
                let said = std::str::from_utf8(message.payload).unwrap_or_default();
                match said
                    .strip_prefix("to all ")
                    .and_then(|number| number.parse::<u64>().ok())
                {
                    Some(number) => Ok(Some(number)),
                    None => bail!("WRONG: {} instead of {text:?}", message.shown()),
                }
            });
            let Some(number) = broadcast.await? else {
                return Ok(());
            };
            count(&self.life.broadcasts);
            let last = self.heard.replace(number);
            ensure!(
                last.is_none_or(|last| number == last + 1),
                "LOST: broadcast {number} came after {last:?}"
            );
        }
    }

    /// A number below `sides`, the same in every run.
    fn throw(&mut self, sides: u64) -> u64 {
        // Knuth's MMIX generator; its high bits are good.
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides.max(1)
    }
}
