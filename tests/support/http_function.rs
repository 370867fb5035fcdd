//! A function behind HTTP that writes down what it is sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::http::{Connection, Server, http};

/// An event as the function got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    /// `connecting`, `data send` or `closing`.
    pub action: String,
    /// The connection's id.
    pub id: String,
    /// Of a connect the path without its slash, of a message its data.
    pub word: String,
    /// The code of a close event.
    pub code: Option<u64>,
    /// `Wsfn-Event-Id`.
    pub event_id: String,
    /// `Wsfn-Seq`.
    pub seq: Option<u64>,
}

/// What the function does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// 200 and this errNo.
    Answer(u32),
    /// This status.
    Status(u16),
    /// 200, and a message comes back inside the reply.
    Echo,
    /// The same, so much later.
    Late(Duration),
    /// 200, and what is no reply.
    Garbage,
    /// The first half of an answer.
    Half,
    /// The connection ends without a word.
    Hangup,
    /// Nothing, as long as the client waits.
    Hang,
}

type Script = Arc<dyn Fn(&SeenEvent) -> Deed + Send + Sync>;

/// A function that does what a script says; it is gone when it is dropped.
pub struct HttpFunction {
    server: Server,
    seen: Arc<Mutex<Vec<SeenEvent>>>,
}

impl std::fmt::Debug for HttpFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpFunction")
            .field("address", &self.server.address())
            .finish_non_exhaustive()
    }
}

impl HttpFunction {
    /// One that accepts everything.
    pub async fn start() -> Self {
        Self::scripted("127.0.0.1:0", |_| Deed::Answer(0)).await
    }

    /// One on this address.
    pub async fn scripted(
        address: &str,
        script: impl Fn(&SeenEvent) -> Deed + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Script = Arc::new(script);
        let log = Arc::clone(&seen);
        let server = Server::start(address, None, move |connection| {
            serve(connection, Arc::clone(&log), Arc::clone(&script))
        });
        Self {
            server: server.await,
            seen,
        }
    }

    /// Where the gateway finds it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.server.address())
    }

    /// `host:port` on which it listens.
    #[must_use]
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// What it has seen, in the order in which it came.
    #[must_use]
    pub fn seen(&self) -> Vec<SeenEvent> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The same of one action.
    #[must_use]
    pub fn seen_of(&self, action: &str) -> Vec<SeenEvent> {
        let mut seen = self.seen();
        seen.retain(|event| event.action == action);
        seen
    }

    /// Waits until so many events of an action have come.
    ///
    /// # Panics
    /// When they do not come within a minute.
    pub async fn wait_for(&self, action: &str, count: usize) -> Vec<SeenEvent> {
        let waiting = async {
            loop {
                let seen = self.seen_of(action);
                if seen.len() >= count {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting)
            .await
            .unwrap_or_else(|_| panic!("{count} times {action:?} do not come: {:#?}", self.seen()))
    }
}

/// What sends a message back to its sender, and accepts everything else.
fn echo(event: &SeenEvent) -> String {
    if event.action != "data send" {
        return r#"{"errNo":0,"errMsg":"ok"}"#.to_owned();
    }
    let data = Value::from(&*event.word);
    format!(
        r#"{{"errNo":0,"errMsg":"ok","wsfn":{{"push":[{{"websocket":{{"action":"data send","dataType":"text","data":{data}}}}}]}}}}"#
    )
}

async fn serve(mut connection: Connection, seen: Arc<Mutex<Vec<SeenEvent>>>, script: Script) {
    while let Some(request) = connection.next().await {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let socket = &body["websocket"];
        let text = |name: &str| socket[name].as_str().unwrap_or_default().to_owned();
        let path = body["requestContext"]["path"].as_str();
        let event = SeenEvent {
            action: text("action"),
            word: path.map_or_else(|| text("data"), |path| path.replace('/', "")),
            id: text("secConnectionID"),
            code: socket["code"].as_str().and_then(|code| code.parse().ok()),
            event_id: header("wsfn-event-id").unwrap_or_default(),
            seq: header("wsfn-seq").and_then(|seq| seq.parse().ok()),
        };
        let deed = script(&event);
        let echo = echo(&event);
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
        let answered = match deed {
            Deed::Answer(err_no) => {
                let body = format!(r#"{{"errNo":{err_no},"errMsg":"as told"}}"#);
                connection.answer(200, "", &body).await
            }
            Deed::Status(status) => connection.answer(status, "", "").await,
            Deed::Echo => connection.answer(200, "", &echo).await,
            Deed::Late(pause) => {
                tokio::time::sleep(pause).await;
                connection.answer(200, "", &echo).await
            }
            Deed::Garbage => connection.answer(200, "", "<html>").await,
            Deed::Half => {
                let answer = http(200, "", &echo);
                let _ = connection
                    .write(&answer.as_bytes()[..answer.len() / 2])
                    .await;
                false
            }
            Deed::Hangup => false,
            Deed::Hang => {
                // Until the client goes away.
                let _ = connection.next().await;
                false
            }
        };
        if !answered {
            return;
        }
    }
}
