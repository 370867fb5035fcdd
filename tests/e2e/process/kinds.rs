//! One function, in each of the places where a function can be: what a client sees of it is the same, and where it is
//! not, the table in the documentation says so. The table is made of what this test sees.

use std::future::Future;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::{Example, ScfApi};

use super::command::{ask, wsfn};
use super::gateway::Client;

/// Longer than anything here takes on a loaded machine.
const LONG: Duration = Duration::from_secs(60);

/// What a handler has at the gateway.
const INVOKE_TIMEOUT: &str = "15s";
/// What a function has in SCF, which is set there, and is less than the gateway waits. A process has started by then,
/// also on a loaded machine, and a panic has printed where it came from.
const SCF_TIMEOUT: Duration = Duration::from_secs(12);

const PROGRAM: &str = env!("CARGO_BIN_EXE_deeds");
const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../runtime/src/docs/functions.md"
);
const BEGIN: &str = "<!-- made by tests/e2e/process/kinds.rs -->\n";
const END: &str = "<!-- end -->\n";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    InProcess,
    Http,
    Exec,
    Scf,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Exec, Self::Http, Self::InProcess, Self::Scf];

    const fn name(self) -> &'static str {
        match self {
            Self::InProcess => "in process",
            Self::Http => "`http`",
            Self::Exec => "`exec`",
            Self::Scf => "`scf`",
        }
    }
}

/// A gateway with a function of a kind.
struct Side {
    gateway: Example,
    admin: String,
    _function: Option<Example>,
    _scf: Option<ScfApi>,
}

impl Side {
    async fn start(kind: Kind) -> Self {
        let (admin, pushes) = (Example::free_address(), Example::free_address());
        let push_url = format!("http://{pushes}/api-wsfn");
        let (mut function, mut scf) = (None, None);
        let mut command = wsfn(&["gateway", "--push-listen", &pushes]);
        match kind {
            Kind::InProcess => command = Command::new(PROGRAM),
            Kind::Exec => drop(command.args(["--exec", PROGRAM, "--exec-max", "2"])),
            Kind::Http => {
                let program = Path::new(PROGRAM);
                let environment = [("WSFN_MODE", "event-invoke"), ("WSFN_PUSH_URL", &*push_url)];
                let running = Example::listening(program, &Example::free_address(), &environment);
                let url = format!("http://{}/event-invoke", running.address());
                command.args(["--function", &url]);
                function = Some(running);
            }
            Kind::Scf => {
                let environment = [("WSFN_PUSH_URL", &*push_url)];
                let api = ScfApi::of(PROGRAM.into(), &environment, SCF_TIMEOUT).await;
                let endpoint = format!("http://{}", api.address());
                command
                    .args(["--scf", "ap-guangzhou/default/deeds"])
                    .args(["--scf-endpoint", &endpoint])
                    .env("TENCENTCLOUD_SECRETID", "id")
                    .env("TENCENTCLOUD_SECRETKEY", "key");
                scf = Some(api);
            }
        }
        command
            .env("WSFN_ADMIN_LISTEN", &admin)
            .env("WSFN_INVOKE_TIMEOUT", INVOKE_TIMEOUT)
            // One that a handler blocks, and one more, however few processors there are.
            .env("TOKIO_WORKER_THREADS", "2");
        Self {
            gateway: Example::listening_command(command, &Example::free_address()),
            admin,
            _function: function,
            _scf: scf,
        }
    }

    /// Connects to a path; a client where it was let in, and what it saw.
    async fn try_connect(&self, path: &str, offer: Option<&str>) -> (Option<Client>, String) {
        let mut request = format!("ws://{}{path}", self.gateway.address())
            .into_client_request()
            .expect("a request");
        if let Some(offer) = offer {
            let offer = offer.parse().expect("a value");
            request
                .headers_mut()
                .insert("sec-websocket-protocol", offer);
        }
        match in_time(tokio_tungstenite::connect_async(request)).await {
            Ok((client, response)) => {
                let chosen = response.headers().get("sec-websocket-protocol");
                let chosen = chosen.map(|value| value.to_str().expect("text"));
                let seen =
                    chosen.map_or_else(|| "101".into(), |chosen| format!("101 with `{chosen}`"));
                (Some(client), seen)
            }
            Err(Error::Http(response)) => {
                let status = response.status().as_u16();
                let body = response.body().as_deref().unwrap_or_default();
                let seen = match std::str::from_utf8(body) {
                    Ok(text) if text.starts_with('{') => format!("{status} `{text}`"),
                    _ => status.to_string(),
                };
                (None, seen)
            }
            Err(_) => (None, BREAKS.to_owned()),
        }
    }

    async fn connect(&self) -> Client {
        self.connect_to("/").await
    }

    async fn connect_to(&self, path: &str) -> Client {
        self.try_connect(path, None).await.0.expect("let in")
    }

    /// How many pushes the endpoint has taken, and the gateway in this process.
    async fn pushes(&self) -> u64 {
        let (_, numbers) = ask(&self.admin, "GET /metrics").await;
        let line = numbers
            .lines()
            .find_map(|line| line.strip_prefix("wsfn_pushes_total{err_no=\"0\"} "));
        line.map_or(0, |number| number.parse().expect("a number"))
    }
}

const BREAKS: &str = "the connection breaks";

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("an end")
}

async fn send(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.expect("sent");
}

/// What a client hears next, in words.
async fn hear(client: &mut Client) -> String {
    let next = async {
        loop {
            match client.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                next => return next,
            }
        }
    };
    match in_time(next).await {
        Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
            Ok(serde_json::Value::Object(note)) => format!("told errNo {}", note["errNo"]),
            _ => format!("`{text}`"),
        },
        Some(Ok(Message::Binary(bytes))) => format!("the bytes {bytes:?}"),
        Some(Ok(Message::Close(Some(frame)))) => {
            let (code, reason) = (u16::from(frame.code), frame.reason);
            format!("closed with {code} `{reason}`").replace(" ``", "")
        }
        Some(Ok(other)) => format!("{other:?}"),
        Some(Err(_)) | None => BREAKS.to_owned(),
    }
}

/// What comes of a message.
async fn comes_of(client: &mut Client, text: &str, count: usize) -> String {
    send(client, text).await;
    let mut heard = Vec::new();
    for _ in 0..count {
        heard.push(hear(client).await);
    }
    heard.join(", then ")
}

/// What was tried with a kind, and what was seen of it.
struct Rows(Kind, Vec<(&'static str, String)>);

impl Rows {
    fn note(&mut self, what: &'static str, seen: String) {
        println!("{:?}: {what}: {seen}", self.0);
        self.1.push((what, seen));
    }
}

async fn behaviour(kind: Kind) -> Rows {
    let mut seen = Rows(kind, Vec::new());
    let side = Side::start(kind).await;
    let mut client = side.connect().await;
    // Nobody has left yet, whose close handler would push.
    let before = side.pushes().await;
    send(&mut client, "back").await;
    seen.note("a text that it returns", hear(&mut client).await);
    let way = match side.pushes().await - before {
        0 => "inside the reply",
        _ => "as a push",
    };
    seen.note("how that answer travels", way.to_owned());
    let bytes = Message::binary(vec![0, 255]);
    client.send(bytes).await.expect("sent");
    seen.note("bytes that it returns", hear(&mut client).await);
    seen.note(
        "a push, and then a text that it returns",
        comes_of(&mut client, "push", 2).await,
    );
    let (mut one, mut other) = (
        side.connect_to("/room").await,
        side.connect_to("/room").await,
    );
    send(&mut client, "broadcast").await;
    let heard = [hear(&mut one).await, hear(&mut other).await].join(" and ");
    seen.note("a broadcast to the two in a room", heard);

    for (what, path, offer) in [
        ("a connect", "/", None),
        (
            "a connect with an offer of `a, b`, of which it takes `b`",
            "/",
            Some("a, b"),
        ),
        (
            "a connect with an offer of `x`, which it does not speak",
            "/",
            Some("x"),
        ),
        ("a connect that it refuses", "/refuse", None),
        ("a connect at which it fails", "/fail", None),
        ("a connect at which it panics", "/panic", None),
        (
            "a connect at which it awaits what never comes",
            "/hang",
            None,
        ),
    ] {
        seen.note(what, side.try_connect(path, offer).await.1);
    }
    for (what, text) in [
        ("a message at which it fails", "fail"),
        ("a message at which it panics", "panic"),
        ("a message at which it awaits what never comes", "hang"),
        ("a message at which it blocks its thread", "block"),
        ("a close that it pushes", "close"),
    ] {
        seen.note(what, comes_of(&mut side.connect().await, text, 1).await);
    }

    let side = Side::start(kind).await;
    let mut other = side.connect_to("/room").await;
    let mut client = side.connect().await;
    let frame = CloseFrame {
        code: CloseCode::from(4000),
        reason: "bye".into(),
    };
    client.close(Some(frame)).await.expect("sent");
    let what = "what its close handler says of a client's close with 4000 `bye`";
    seen.note(what, hear(&mut other).await);
    let mut client = side.connect().await;
    comes_of(&mut client, "close", 1).await;
    seen.note(
        "what that says of a close that it pushed",
        hear(&mut other).await,
    );
    drop(side.connect().await);
    seen.note(
        "what that says of a client that is lost",
        hear(&mut other).await,
    );

    let mut client = side.connect().await;
    seen.note(
        "a message at which its process ends",
        comes_of(&mut client, "exit", 1).await,
    );
    seen.note("a connect after that", side.try_connect("/", None).await.1);
    let side = Side::start(kind).await;
    seen.note(
        "a connect at which its process ends",
        side.try_connect("/exit", None).await.1,
    );

    let (connect, message) = (
        "a connect at which its process stands still",
        "a message at which its process stands still",
    );
    if kind == Kind::InProcess {
        let not_tried = "the gateway stands still too";
        seen.note(connect, not_tried.to_owned());
        seen.note(message, not_tried.to_owned());
        return seen;
    }
    let side = Side::start(kind).await;
    seen.note(connect, side.try_connect("/stop", None).await.1);
    let side = Side::start(kind).await;
    let mut client = side.connect().await;
    seen.note(message, comes_of(&mut client, "stop", 1).await);
    seen
}

/// What most kinds have in common, and what each of the others does instead.
fn table(of_kinds: &[Rows]) -> String {
    let mut table = "| what is tried | what is seen | but |\n|---|---|---|\n".to_owned();
    for (at, (what, _)) in of_kinds[0].1.iter().enumerate() {
        let seen = |Rows(_, rows): &Rows| rows[at].1.clone();
        let all: Vec<String> = of_kinds.iter().map(seen).collect();
        let count = |seen: &String| all.iter().filter(|other| *other == seen).count();
        // Of as many, the first.
        let usual = all
            .iter()
            .rev()
            .max_by_key(|seen| count(seen))
            .expect("four");
        let others: Vec<String> = of_kinds
            .iter()
            .zip(&all)
            .filter(|(_, seen)| *seen != usual)
            .map(|(Rows(kind, _), seen)| format!("{}: {seen}", kind.name()))
            .collect();
        table += &format!("| {what} | {usual} | {} |\n", others.join("; ")).replace("|  |", "| |");
    }
    table
}

#[test]
fn wherever_a_function_is_its_clients_see_what_the_page_says() {
    // At once, since they wait most of the time.
    let of_kinds = std::thread::scope(|scope| {
        let kinds = Kind::ALL.map(|kind| {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.expect("a runtime").block_on(behaviour(kind))
            })
        });
        kinds.map(|kind| kind.join().expect("no panic"))
    });
    let table = table(&of_kinds);
    let page = std::fs::read_to_string(PAGE).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("the beginning of the table");
    let (written, after) = rest.split_once(END).expect("its end");
    if written == table {
        return;
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{table}{END}{after}")).expect("written");
        return;
    }
    panic!(
        "the table in runtime/src/docs/functions.md is not what is seen; run this test with UPDATE_DOCS=1:\n{table}"
    );
}
