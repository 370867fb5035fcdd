//! An endpoint that notes what it is asked, and a client that sends bytes as they are.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wsfn_gateway::push_endpoint::{Act, PushEndpoint};
use wsfn_protocol::{Answer, ErrNo, Request};
use wsfn_settings::Settings;

/// Longer than anything here takes: a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Answers with the number that stands behind `errno-` in the id of a single connection, with 0 otherwise.
#[derive(Clone, Default)]
pub(crate) struct Recorder(pub(crate) Arc<Mutex<Vec<String>>>);

impl Recorder {
    pub(crate) fn seen(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Act for Recorder {
    fn act(&self, request: &Request<'_>) -> Answer {
        self.0.lock().unwrap().push(request.to_json());
        if let Request::Send { to, .. } = request
            && let Some(err_no) = to.strip_prefix("errno-")
        {
            return Answer::error(ErrNo(err_no.parse().unwrap()), "as asked");
        }
        Answer::ok()
    }
}

pub(crate) struct Endpoint {
    pub(crate) addr: SocketAddr,
    pub(crate) recorder: Recorder,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

pub(crate) fn settings() -> Settings {
    Settings {
        push_listen: Some(vec!["127.0.0.1:0".parse().unwrap()]),
        ..Settings::default()
    }
}

impl Endpoint {
    pub(crate) async fn start(settings: &Settings) -> Self {
        let recorder = Recorder::default();
        let endpoint = PushEndpoint::bind(recorder.clone(), settings)
            .await
            .unwrap();
        let addr = endpoint.local_addrs()[0];
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(endpoint.serve(async {
            let _ = stopped.await;
        }));
        Self {
            addr,
            recorder,
            stop: Some(stop),
            task,
        }
    }

    pub(crate) async fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
        within(&mut self.task).await.unwrap();
    }

    pub(crate) fn begin_to_stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    pub(crate) async fn stopped(&mut self) {
        within(&mut self.task).await.unwrap();
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.addr).await
    }

    /// One request with this head beyond the request line and the body, on a connection of its own.
    pub(crate) async fn send(&self, line: &str, headers: &str, body: &str) -> Response {
        let mut client = self.connect().await;
        client.request(line, headers, body).await;
        client.response().await
    }

    /// A push to the usual path.
    pub(crate) async fn push(&self, body: &str) -> Response {
        self.send("POST /api-wsfn HTTP/1.1", "Host: 127.0.0.1\r\n", body)
            .await
    }

    /// The endpoint is still in order.
    pub(crate) async fn is_alive(&self) {
        let response = self
            .push(r#"{"websocket":{"action":"rooms","secConnectionID":"alive"}}"#)
            .await;
        assert_eq!((response.status, response.err_no()), (200, 0));
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn err_no(&self) -> i64 {
        self.json()["errNo"].as_i64().unwrap()
    }

    pub(crate) fn err_msg(&self) -> String {
        self.json()["errMsg"].as_str().unwrap().to_string()
    }
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(addr).await.unwrap(),
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn request(&mut self, line: &str, headers: &str, body: &str) {
        let request = format!(
            "{line}\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.write(request.as_bytes()).await;
    }

    /// The next response; fails when the connection ends before it.
    pub(crate) async fn response(&mut self) -> Response {
        self.try_response().await.expect("a response")
    }

    pub(crate) async fn try_response(&mut self) -> Option<Response> {
        loop {
            if let Some(response) = self.take_response() {
                return Some(response);
            }
            let mut chunk = [0; 4096];
            match within(self.stream.read(&mut chunk)).await {
                Ok(0) | Err(_) => return None,
                Ok(read) => self.buffer.extend_from_slice(&chunk[..read]),
            }
        }
    }

    fn take_response(&mut self) -> Option<Response> {
        let end = self
            .buffer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")?
            + 4;
        let head = String::from_utf8(self.buffer[..end].to_vec()).unwrap();
        let lower = head.to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let length: usize = lower.split_once("content-length: ").map_or(0, |(_, rest)| {
            rest.split("\r\n").next().unwrap().parse().unwrap()
        });
        let body = self.buffer.get(end..end + length)?;
        let body = String::from_utf8(body.to_vec()).unwrap();
        self.buffer.drain(..end + length);
        Some(Response {
            status,
            head: lower,
            body,
        })
    }

    /// The server ends the connection without another response.
    pub(crate) async fn ends(&mut self) {
        let response = self.try_response().await;
        assert!(response.is_none(), "{response:?}");
    }
}

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("waited in vain")
}
