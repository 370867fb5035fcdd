//! One history.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;
use wsfn_gateway::testing::Random;

use super::parts::{Parts, Setup};
use super::tcp::Tcp;
use super::{Behind, LOG, Programs, witness};
use crate::life::plan::Planner;
use crate::life::{Pace, Phase, ROOMS, Stage, client, wait};
use crate::log::{Action, Client, End, Entry, Function, Gateway, Kind, Log, Push, Rules, What};

/// `invoke-timeout`.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
/// `call-grace` of a function behind HTTP; there is none for processes.
pub(super) const GRACE: Duration = Duration::from_millis(1500);
/// `write-timeout`: for how long a client may read nothing.
pub(super) const STALL: Duration = Duration::from_secs(5);
/// How late a busy machine may be.
const SLACK: Duration = Duration::from_millis(500);
/// How long the wild part is.
const WILD: Duration = Duration::from_millis(2500);
/// How long the wild part may take on a busy machine, where each start of a process takes its time.
const WILD_AT_MOST: Duration = Duration::from_secs(180);
/// For how long everything that has to come is waited for: longer than a close event that failed again and again waits
/// for its next turn.
const REST: Duration = Duration::from_secs(120);
/// For how long nothing more may come.
const QUIET: Duration = Duration::from_millis(300);

/// What was seen when this seed was carried out, in a folder that is its own.
///
/// # Errors
/// When a process cannot be started, or does not listen.
pub fn run(seed: u64, behind: Behind, programs: &Programs, folder: &Path) -> Result<Log, String> {
    carry_out(seed, behind, programs, folder, async |history, random| {
        history.live(random).await
    })
}

/// Starts processes as this seed sets them, has something done with them, and gives its log.
pub(super) fn carry_out(
    seed: u64,
    behind: Behind,
    programs: &Programs,
    folder: &Path,
    live: impl AsyncFnOnce(&History, &mut Random) -> Result<(), String>,
) -> Result<Log, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let mut random = Random::new(seed);
    let setup = Setup {
        behind,
        tell: random.below(3) == 0,
        out_max_messages: [2, 8, 64][random.below(3)],
        in_max_messages: [1, 3, 64][random.below(3)],
        seed,
    };
    let history = History {
        stage: Arc::new(Stage::new(witness::now)),
        parts: Mutex::new(Parts::new(setup, programs, folder)?),
        folder: folder.to_owned(),
    };
    runtime.block_on(live(&history, &mut random))?;
    drop(runtime);
    history.log(setup)
}

pub(super) struct History {
    pub(super) stage: Arc<Stage>,
    parts: Mutex<Parts>,
    folder: PathBuf,
}

pub(super) const PACE: Pace = Pace {
    faster: 4,
    timeout: TIMEOUT,
    read_on: Duration::from_millis(1200),
    patience: Duration::from_secs(10),
};

impl History {
    pub(super) fn parts<T>(&self, act: impl FnOnce(&mut Parts) -> T) -> T {
        // Nothing that panics runs under it.
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut parts)
    }

    async fn live(&self, random: &mut Random) -> Result<(), String> {
        self.start().await?;
        let mut clients = JoinSet::new();
        let address = self.parts(|parts| parts.listen);
        for number in 0..3 + random.below(6) {
            let (stage, random) = (Arc::clone(&self.stage), random.fork());
            clients.spawn(enter(stage, address, random, number));
        }
        let outside = self.outside(random.fork());
        let faults = self.faults(random.fork());
        let wild = async { tokio::join!(outside, faults) };
        let (_, faults) = tokio::time::timeout(WILD_AT_MOST, wild)
            .await
            .map_err(|_| "the wild part does not end".to_owned())?;
        faults?;
        self.end(clients).await;
        Ok(())
    }

    pub(super) async fn start(&self) -> Result<(), String> {
        self.parts(Parts::start_function)?;
        self.parts(Parts::start_gateway)?;
        self.listening().await?;
        self.stage.log(What::Gateway(Gateway::Started));
        Ok(())
    }

    /// From the wild part to the end, with everything that has to come.
    pub(super) async fn end(&self, clients: JoinSet<()>) {
        self.calm();
        // They read on, and go.
        sleep(PACE.read_on + SLACK).await;
        self.stage.enter(Phase::Over);
        clients.join_all().await;
        self.settle().await;
        for room in ROOMS {
            self.push(&Action::Members { room: room.into() }).await;
        }
        self.stage.log(What::Settled);
        self.parts(Parts::end);
    }

    fn calm(&self) {
        // The function looks for it at each call.
        let _ = fs::write(self.folder.join(witness::CALM), "");
        self.stage.enter(Phase::Calm);
    }

    async fn listening(&self) -> Result<(), String> {
        let address = self.parts(|parts| parts.listen);
        for _ in 0..3000 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(format!(
            "the gateway does not listen on {address}: {}",
            self.parts(|parts| parts.said())
        ))
    }

    /// Kills what can be killed, and starts it again.
    async fn faults(&self, mut random: Random) -> Result<(), String> {
        let mut at = Duration::ZERO;
        while at < WILD {
            let next = Duration::from_millis(100 + random.below(1500) as u64);
            at += next;
            sleep(next).await;
            let down = Duration::from_millis(random.below(300) as u64);
            match random.below(6) {
                0 | 1 => self.kill_gateway(down).await?,
                2 => self.kill_function(down).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Kills the gateway, and starts it again after this time.
    pub(super) async fn kill_gateway(&self, down: Duration) -> Result<(), String> {
        // Clients may see it before it is logged, and nothing that is logged later may be taken for earlier.
        self.stage.log(What::Gateway(Gateway::Killed));
        self.parts(|parts| parts.gateway.kill());
        sleep(down).await;
        self.parts(Parts::start_gateway)?;
        self.listening().await?;
        self.stage.log(What::Gateway(Gateway::Started));
        Ok(())
    }

    /// The same with the function.
    pub(super) async fn kill_function(&self, down: Duration) -> Result<(), String> {
        self.stage.log(What::FunctionKilled);
        if self.parts(Parts::kill_function) {
            sleep(down).await;
            self.parts(Parts::start_function)?;
        }
        self.stage.log(What::FunctionKilled);
        Ok(())
    }

    /// Pushes as somebody who is in no call.
    async fn outside(&self, mut random: Random) {
        let until = tokio::time::Instant::now() + WILD;
        for _ in 0..random.below(60) {
            if tokio::time::Instant::now() > until {
                return;
            }
            self.push_something(&mut random).await;
        }
    }

    /// Pushes, after a while, as somebody who is in no call.
    pub(super) async fn push_something(&self, random: &mut Random) {
        for _ in 0..3 {
            wait(PACE.pause(random)).await;
        }
        let known = self.known();
        let planner = Planner {
            random,
            pace: PACE,
            known: &known,
            number: &mut witness::number,
        };
        if let Some(action) = planner.outside() {
            self.push(&action).await;
        }
    }

    async fn push(&self, action: &Action) {
        let number = witness::number();
        let log = |what| self.stage.log(What::Push(number, what));
        let url = self.parts(|parts| parts.push_url());
        log(Push::Asked {
            by: None,
            action: action.clone(),
        });
        if let Some(answer) = witness::push(&url, action).await {
            log(Push::Answered(answer));
        }
    }

    /// What the function has logged so far. Its last line may be half written.
    fn function_log(&self) -> Vec<Entry> {
        let text = fs::read_to_string(self.folder.join(witness::LOG)).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// How many connect events the function has logged behind this place of its log, which is moved on.
    pub(super) fn connects(&self, read: &mut u64) -> usize {
        let mut more = String::new();
        if let Ok(mut log) = File::open(self.folder.join(witness::LOG)) {
            let seeked = log.seek(SeekFrom::Start(*read));
            if seeked.is_ok() && log.read_to_string(&mut more).is_ok() {
                // The last line may be half written.
                more.truncate(more.rfind('\n').map_or(0, |end| end + 1));
                *read += more.len() as u64;
            }
        }
        more.matches(r#""kind":"connect""#).count()
    }

    fn known(&self) -> Vec<String> {
        let connect = |entry: Entry| match entry.what {
            What::Function(
                _,
                Function::Begin {
                    kind: Kind::Connect,
                    connection,
                    ..
                },
            ) => Some(connection),
            _ => None,
        };
        self.function_log()
            .into_iter()
            .filter_map(connect)
            .collect()
    }

    /// Waits until each connection is closed that has to be, but not for ever.
    async fn settle(&self) {
        let until = tokio::time::Instant::now() + REST;
        let mut seen = 0;
        while tokio::time::Instant::now() < until {
            sleep(QUIET).await;
            let entries = self.function_log();
            if waiting(&entries, self.forgotten()) == 0 && entries.len() == seen {
                return;
            }
            seen = entries.len();
        }
    }

    /// When it was last killed, where it forgets with that.
    fn forgotten(&self) -> u64 {
        if self.parts(|parts| parts.setup.journal()) {
            return 0;
        }
        let killed = self
            .stage
            .last(|what| *what == What::Gateway(Gateway::Killed));
        killed.unwrap_or_default()
    }

    fn log(&self, setup: Setup) -> Result<Log, String> {
        let mut entries = self.stage.take();
        entries.extend(self.function_log());
        entries.sort_by_key(|entry| entry.at);
        let rules = Rules {
            invoke_timeout: TIMEOUT.as_millis() as u64,
            call_grace: match setup.behind {
                Behind::Http => GRACE.as_millis() as u64,
                Behind::Exec => 0,
            },
            stall: STALL.as_millis() as u64,
            tell: setup.tell,
            journal: setup.journal(),
            slack: match setup.behind {
                Behind::Http => SLACK.as_millis() as u64,
                // A call waits for a process, and that wait is part of its time.
                Behind::Exec => (SLACK * 3).as_millis() as u64,
            },
        };
        let log = Log { rules, entries };
        let path = self.folder.join(LOG);
        fs::write(&path, log.to_lines()).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(log)
    }
}

/// Connections whose close event was not answered yet, of those that came after this and were not refused.
fn waiting(entries: &[Entry], after: u64) -> usize {
    let mut calls = BTreeMap::new();
    let mut open = std::collections::BTreeSet::new();
    for entry in entries {
        match &entry.what {
            What::Function(
                number,
                Function::Begin {
                    kind, connection, ..
                },
            ) => {
                calls.insert(*number, (*kind, connection));
                if *kind == Kind::Connect && entry.at > after {
                    open.insert(connection);
                }
            }
            What::Function(number, Function::End(end)) => match (calls.get(number), end) {
                (Some((Kind::Close, connection)), End::Answered(_))
                | (Some((Kind::Connect, connection)), End::Refused) => {
                    open.remove(connection);
                }
                _ => {}
            },
            _ => {}
        }
    }
    open.len()
}

/// A client, from before it comes until it has left.
async fn enter(stage: Arc<Stage>, address: SocketAddr, mut random: Random, number: usize) {
    sleep(WILD * random.below(100) as u32 / 120).await;
    come(stage, address, random, number).await;
}

/// The same without a pause before.
pub(super) async fn come(
    stage: Arc<Stage>,
    address: SocketAddr,
    mut random: Random,
    number: usize,
) {
    let name = format!("c{number}");
    stage.client(&name, Client::Dialled);
    match Tcp::connect(address, random.below(3) == 0).await {
        Ok(end) => client::live(stage, name, end, PACE, random).await,
        Err(_) => stage.client(&name, Client::Ended),
    }
}
