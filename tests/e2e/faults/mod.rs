//! The command `wsfn gateway`, while something goes wrong around it. Each test says what is promised for that, by its
//! number on the page `guarantees`, and sees it kept.

mod clients;
mod function;
mod network;
mod shutdown;
mod storm;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wsfn_tests::{Deed, Example, HttpFunction, SeenEvent};

use crate::process::wsfn;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long something that happens at all may take on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// What an event's word asks for: of a connect its path, of a message its data.
fn obey(event: &SeenEvent) -> Deed {
    match &*event.word {
        "hang" => Deed::Hang,
        "late" => Deed::Late(Duration::from_millis(300)),
        "garbage" => Deed::Garbage,
        "half" => Deed::Half,
        "hangup" => Deed::Hangup,
        "unwell" => Deed::Status(500),
        _ => Deed::Echo,
    }
}

/// A function that does what it is told.
async fn obedient() -> HttpFunction {
    scripted(obey).await
}

async fn scripted(script: impl Fn(&SeenEvent) -> Deed + Send + Sync + 'static) -> HttpFunction {
    HttpFunction::scripted("127.0.0.1:0", script).await
}

/// The gateway's process before a function.
struct Gateway {
    process: Example,
    pushes: String,
}

impl Gateway {
    /// Starts one with these settings, each `NAME=VALUE` as in the environment.
    fn start(function: &str, settings: &[(&str, &str)]) -> Self {
        Self::listening(function, &Example::free_address(), settings)
    }

    fn listening(function: &str, address: &str, settings: &[(&str, &str)]) -> Self {
        let pushes = Example::free_address();
        let mut command = wsfn(&["gateway", "--push-listen", &pushes, "--function", function]);
        command.envs(settings.iter().copied());
        Self {
            process: Example::listening_command(command, address),
            pushes,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("ws://{}/{path}", self.process.address())
    }

    /// A client that is let in.
    async fn connect(&self, path: &str) -> Client {
        let connected = connect_async(self.url(path)).await;
        connected.expect("accepted").0
    }

    /// The status that a client is turned away with.
    async fn refused(&self, path: &str) -> u16 {
        match connect_async(self.url(path)).await {
            Err(Error::Http(response)) => response.status().as_u16(),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Pushes a text; the errNo of the answer.
    async fn push(&self, to: &str, text: &str) -> i64 {
        let answer = push(&self.pushes, to, text).await;
        answer.expect("an answer")
    }
}

/// Pushes a text to who listens there; the errNo of the answer, where one comes.
async fn push(address: &str, to: &str, text: &str) -> std::io::Result<i64> {
    let body = format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"{to}","dataType":"text","data":"{text}"}}}}"#
    );
    let length = body.len();
    let request = format!(
        "POST /api-wsfn HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let json = answer.split_once("\r\n\r\n").map(|(_, json)| json);
    let json: serde_json::Value = serde_json::from_str(json.unwrap_or_default())?;
    json["errNo"]
        .as_i64()
        .ok_or_else(|| std::io::Error::other(answer))
}

/// The next message.
async fn text(client: &mut Client) -> String {
    let next = tokio::time::timeout(SOON, client.next()).await;
    let message = next.expect("in time").expect("open").expect("a frame");
    message.into_text().expect("a text").to_string()
}

/// The code that the connection is closed with, whatever comes before.
async fn closed(client: &mut Client) -> Option<u16> {
    let ending = async {
        while let Some(Ok(message)) = client.next().await {
            if let Message::Close(close) = message {
                return close.map(|close| u16::from(close.code));
            }
        }
        None
    };
    tokio::time::timeout(SOON, ending).await.expect("it ends")
}

/// That others are served as ever.
async fn serves(gateway: &Gateway) {
    let mut other = gateway.connect("other").await;
    other.send(Message::text("well")).await.expect("sent");
    assert_eq!(text(&mut other).await, "well");
}
