//! The function of a history with processes: the program `witness`.
//!
//! It logs each call before it answers it, in lines that are written whole.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use wsfn_gateway::testing::Random;
use wsfn_protocol::{Data, ErrNo, Event, Reply, ReplyPush};

use super::history::PACE;
use super::http::{Asker, Message};
use crate::life::plan::{Last, Planner, Step};
use crate::life::wait;
use crate::log::{Action, Answer, End, Entry, Function, Kind, Push, What};

/// The log of the function, in the folder of its history.
pub(super) const LOG: &str = "function.jsonl";
/// When this is there, the function does what it has to and nothing else.
pub(super) const CALM: &str = "calm";
/// The processes that there have been.
const PIDS: &str = "pids";

/// Microseconds on the clock that all processes of a machine share.
#[must_use]
pub fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let (seconds, nanoseconds) = (now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs());
    seconds * 1_000_000 + nanoseconds / 1000
}

/// A number that nothing else of this machine's histories has.
pub(super) fn number() -> u64 {
    static NEXT: OnceLock<AtomicU64> = OnceLock::new();
    let next = NEXT.get_or_init(|| {
        // Processes have ids that differ, and one that gets the id of an earlier one starts later.
        let pid = u64::from(std::process::id());
        AtomicU64::new((pid << 40) | ((now() >> 10) & 0xff_ffff) << 16)
    });
    next.fetch_add(1, Ordering::Relaxed)
}

/// Pushes; `None` where there was no answer.
pub(super) async fn push(address: &str, action: &Action) -> Option<Answer> {
    let body = action.request().to_json();
    let mut gateway = Asker::connect(address).await.ok()?;
    let answer = gateway.ask("POST", "/api-wsfn", &body).await.ok()?;
    wsfn_protocol::Answer::parse(answer.body.as_bytes()).map(Answer::from)
}

/// The processes of the function that have been started in a folder.
pub(super) fn pids(folder: &Path) -> Vec<rustix::process::Pid> {
    let text = fs::read_to_string(folder.join(PIDS)).unwrap_or_default();
    let pids = text.lines().filter_map(|line| line.parse().ok());
    // One that has ended may have left its id to somebody else: the program's name is looked at.
    let own = |pid: &i32| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.trim() == "witness"
    };
    pids.filter(own)
        .filter_map(rustix::process::Pid::from_raw)
        .collect()
}

/// Runs as `witness FOLDER PUSHES SEED [ADDRESS]`: a server where there is an address, else a process of the gateway.
///
/// # Errors
/// When the arguments are others, or something cannot be opened.
pub fn main(arguments: &[String]) -> Result<(), String> {
    let [folder, pushes, seed, address @ ..] = arguments else {
        return Err("expected FOLDER PUSHES SEED [ADDRESS]".into());
    };
    let folder = PathBuf::from(folder);
    let open = |name: &str| {
        let path = folder.join(name);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.map_err(|error| format!("{}: {error}", path.display()))
    };
    // In one piece: others append to it as well.
    let pid = format!("{}\n", std::process::id());
    let written = open(PIDS)?.write_all(pid.as_bytes());
    written.map_err(|error| error.to_string())?;
    let seed: u64 = seed.parse().map_err(|_| "SEED is no number")?;
    let witness = Arc::new(Witness {
        log: open(LOG)?,
        pushes: pushes.clone(),
        // Each process does something else.
        random: Mutex::new(Random::new(seed ^ now())),
        known: Mutex::default(),
        folder,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        match address {
            [address] => serve(witness, address).await,
            _ => ask_for_events(witness).await,
        }
    })
}

struct Witness {
    log: File,
    pushes: String,
    random: Mutex<Random>,
    known: Mutex<Vec<String>>,
    folder: PathBuf,
}

impl Witness {
    fn log(&self, what: What) {
        let entry = Entry { at: now(), what };
        let mut line = serde_json::to_string(&entry).unwrap_or_default();
        line.push('\n');
        // In one piece: others append to it as well.
        let _ = (&self.log).write_all(line.as_bytes());
    }

    /// Answers an event.
    async fn call(&self, event: &str, event_id: &str, seq: Option<u64>) -> (Kind, End) {
        let number = number();
        let (kind, connection, text) = said(event);
        self.log(What::Function(
            number,
            Function::Begin {
                kind,
                connection: connection.clone(),
                event_id: event_id.to_owned(),
                seq,
                text,
            },
        ));
        let known = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if kind == Kind::Connect {
                known.push(connection.clone());
            }
            known.clone()
        };
        let plan = if self.folder.join(CALM).exists() {
            Planner::calm(kind, &connection)
        } else {
            let mut random = self
                .random
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fork();
            let planner = Planner {
                random: &mut random,
                pace: PACE,
                known: &known,
                number: &mut self::number,
            };
            planner.wild(kind, &connection)
        };
        for step in plan.steps {
            match step {
                Step::Pause(time) => wait(time).await,
                Step::Push(action) => self.push(number, action).await,
            }
        }
        let end = match plan.last {
            Last::Answer(texts) => End::Answered(texts),
            Last::Refuse => End::Refused,
            Last::Fail => End::Failed,
            Last::Hang => std::future::pending().await,
        };
        self.log(What::Function(number, Function::End(end.clone())));
        (kind, end)
    }

    async fn push(&self, by: u64, action: Action) {
        let number = number();
        let asked = Push::Asked {
            by: Some(by),
            action: action.clone(),
        };
        self.log(What::Push(number, asked));
        if let Some(answer) = push(&self.pushes, &action).await {
            self.log(What::Push(number, Push::Answered(answer)));
        }
    }
}

fn said(event: &str) -> (Kind, String, Option<String>) {
    match Event::parse(event, None) {
        Ok(Event::Connect(connect)) => {
            let context = connect.request_context().ok();
            let path = context.and_then(|context| context.path);
            let name = path.map(|path| path.trim_start_matches('/').to_owned());
            (Kind::Connect, connect.connection_id.into_owned(), name)
        }
        Ok(Event::Message(message)) => {
            let text = String::from_utf8_lossy(message.data.as_bytes()).into_owned();
            (
                Kind::Message,
                message.connection_id.into_owned(),
                Some(text),
            )
        }
        Ok(Event::Close(close)) => (Kind::Close, close.connection_id.into_owned(), None),
        _ => (Kind::Message, String::new(), None),
    }
}

fn reply(end: &End) -> String {
    let mut reply = Reply::ok();
    match end {
        End::Answered(texts) => {
            let push = |text: &String| ReplyPush::Send(Data::Text(text.clone().into()).into());
            reply.pushes = texts.iter().map(push).collect();
        }
        _ => reply = Reply::error(ErrNo(7), "no"),
    }
    reply.to_json()
}

async fn serve(witness: Arc<Witness>, address: &str) -> Result<(), String> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(Arc::clone(&witness), stream));
        }
    }
}

async fn connection(witness: Arc<Witness>, stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    while let Ok(request) = Message::read(&mut stream).await {
        let event_id = request.header("wsfn-event-id").unwrap_or_default();
        let seq = request.header("wsfn-seq").and_then(|seq| seq.parse().ok());
        let (_, end) = witness.call(&request.body, event_id, seq).await;
        let answer = match end {
            End::Failed => failure(&witness),
            end => http(200, &reply(&end)),
        };
        let written = stream.write_all(answer.as_bytes()).await;
        if written.is_err() || !answer.ends_with('}') {
            return;
        }
    }
}

fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// An answer that is none: another status, half of one, garbage, or nothing.
fn failure(witness: &Witness) -> String {
    let mut random = witness
        .random
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    match random.below(4) {
        0 => http(500, "{}"),
        1 => "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{\"errNo\":0".into(),
        2 => "no HTTP at all\r\n\r\n".into(),
        _ => String::new(),
    }
}

/// A process that the gateway has started asks for one event after the other.
async fn ask_for_events(witness: Arc<Witness>) -> Result<(), String> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("no {name}"));
    let api = format!(
        "{}:{}",
        variable("SCF_RUNTIME_API")?,
        variable("SCF_RUNTIME_API_PORT")?
    );
    let failed = |error: std::io::Error| error.to_string();
    let mut api = Asker::connect(&api).await.map_err(failed)?;
    api.ask("POST", "/runtime/init/ready", " ")
        .await
        .map_err(failed)?;
    loop {
        let next = api
            .ask("GET", "/runtime/invocation/next", "")
            .await
            .map_err(failed)?;
        let event_id = next.header("wsfn-event-id").unwrap_or_default();
        let seq = next.header("wsfn-seq").and_then(|seq| seq.parse().ok());
        let (_, end) = witness.call(&next.body, event_id, seq).await;
        if end == End::Failed {
            // Dies in the middle of it.
            std::process::exit(1);
        }
        api.ask("POST", "/runtime/invocation/response", &reply(&end))
            .await
            .map_err(failed)?;
    }
}
