//! A mock of Tencent's API for functions (Tencent Cloud, document 583/58400): `InvokeFunction`, and a function behind it
//! that runs as SCF would run it. Signatures are not checked here; the gateway's own tests do.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::http::{Connection, Server};
use crate::runtime_api::{RuntimeApi, Said};

/// The mock; it serves until it is dropped.
pub struct ScfApi {
    server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    events: Mutex<Vec<String>>,
    function: Function,
}

enum Function {
    /// Always says this.
    Says(&'static str),
    Runs(Box<Instance>),
}

/// The one instance of a function, which has one event at a time.
struct Instance {
    api: RuntimeApi,
    program: PathBuf,
    environment: Vec<(String, String)>,
    timeout: Duration,
    process: tokio::sync::Mutex<Option<Child>>,
}

impl std::fmt::Debug for ScfApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScfApi")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

impl ScfApi {
    /// An API whose function always says this.
    pub async fn answering(reply: &'static str) -> Self {
        Self::with(Function::Says(reply)).await
    }

    /// An API whose function is this program, which may take so long for an event.
    pub async fn of(program: PathBuf, environment: &[(&str, &str)], timeout: Duration) -> Self {
        let api = RuntimeApi::start().await;
        api.set_time_limit(timeout);
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in environment {
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        for (name, value) in api.environment("index.main_handler") {
            all.push((name.to_owned(), value));
        }
        let instance = Instance {
            api,
            program,
            environment: all,
            timeout,
            process: tokio::sync::Mutex::default(),
        };
        Self::with(Function::Runs(Box::new(instance))).await
    }

    async fn with(function: Function) -> Self {
        let shared = Arc::new(Shared {
            events: Mutex::default(),
            function,
        });
        let served = Arc::clone(&shared);
        let serve = move |client| serve(client, Arc::clone(&served));
        let server = Server::start("127.0.0.1:0", None, serve).await;
        Self { server, shared }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        let events = self.shared.events.lock();
        events.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(mut client: Connection, shared: Arc<Shared>) {
    while let Some(request) = client.next().await {
        let asked: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let answer = match asked["Event"].as_str() {
            None => json!({"Error": {"Code": "MissingParameter", "Message": "Event"}}),
            Some(event) => {
                let events = shared.events.lock();
                events
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(event.to_owned());
                let (result, reply, error) = match &shared.function {
                    Function::Says(reply) => (0, (*reply).to_owned(), String::new()),
                    Function::Runs(instance) => instance.run(event).await,
                };
                json!({"Result": {"InvokeResult": result, "RetMsg": reply, "ErrMsg": error}})
            }
        };
        let answer = json!({"Response": answer}).to_string();
        if !client.answer(200, "", &answer).await {
            return;
        }
    }
}

impl Instance {
    /// `InvokeResult`, `RetMsg` and `ErrMsg`.
    async fn run(&self, event: &str) -> (i64, String, String) {
        let mut process = self.process.lock().await;
        let mut said = self.api.begin(event);
        let mut timeout = std::pin::pin!(tokio::time::sleep(self.timeout));
        let failed = |why: String| (1, String::new(), why);
        let (outcome, lives) = loop {
            let running = process.get_or_insert_with(|| {
                Command::new(&self.program)
                    .envs(self.environment.iter().map(|(name, value)| (name, value)))
                    .kill_on_drop(true)
                    .spawn()
                    .expect("the program starts")
            });
            break tokio::select! {
                biased;
                said = &mut said => match said {
                    Ok(Said::Response(reply)) => ((0, reply, String::new()), true),
                    Ok(Said::Error(text)) => (failed(text), true),
                    Err(_) => (failed("it said nothing".into()), false),
                },
                status = running.wait() => {
                    if self.api.begins_anew() {
                        // It ended of an event before this one, which another process gets.
                        *process = None;
                        continue;
                    }
                    (failed(format!("it ended: {status:?}")), false)
                }
                () = &mut timeout => (failed("timed out".into()), false),
            };
        };
        if !lives {
            // Dropping it kills it; what it had is not handed out again.
            *process = None;
            self.api.forget();
        }
        outcome
    }
}
