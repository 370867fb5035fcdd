//! A gateway on a port of its own, a function that is a closure, and clients.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wsfn_gateway::{BoxFuture, Call, Gateway, Handle, Invoke, InvokeAnswer, InvokeError};
use wsfn_protocol::{Answer, Event, Kind, Request};
use wsfn_settings::Settings;

pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;
pub(crate) type Answered = Result<InvokeAnswer, InvokeError>;

/// Long enough for anything that happens at all.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// What a function saw.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) event_id: String,
    pub(crate) seq: Option<u64>,
}

type Script = dyn Fn(Call, Handle) -> BoxFuture<'static, Answered> + Send + Sync;

pub(crate) struct Function {
    handle: Handle,
    script: Box<Script>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Invoke for Function {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Answered> {
        self.seen.lock().unwrap().push(Seen {
            kind: call.kind,
            id: call.connection_id.to_string(),
            event: call.event.to_string(),
            event_id: call.event_id.to_string(),
            seq: call.seq,
        });
        (self.script)(call, self.handle.clone())
    }
}

pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    /// Where it takes pushes, if the settings say so.
    pub(crate) push_addr: Option<SocketAddr>,
    pub(crate) handle: Handle,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    /// A gateway in front of a function.
    pub(crate) async fn start<F, R>(settings: Settings, script: F) -> Self
    where
        F: Fn(Call, Handle) -> R + Send + Sync + 'static,
        R: Future<Output = Answered> + Send + 'static,
    {
        Self::with_page(settings, None, script).await
    }

    pub(crate) async fn with_page<F, R>(
        mut settings: Settings,
        page: Option<&'static str>,
        script: F,
    ) -> Self
    where
        F: Fn(Call, Handle) -> R + Send + Sync + 'static,
        R: Future<Output = Answered> + Send + 'static,
    {
        settings.listen = Some(vec!["127.0.0.1:0".parse().unwrap()]);
        let handle = Handle::new(&settings);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let function = Function {
            handle: handle.clone(),
            script: Box::new(move |call, handle| Box::pin(script(call, handle))),
            seen: seen.clone(),
        };
        let page = page.map(Into::into);
        let gateway = Gateway::bind(handle.clone(), &settings, Arc::new(function), page)
            .await
            .unwrap();
        let addr = gateway.local_addrs()[0];
        let push_addr = gateway.push_addrs().first().copied();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(gateway.serve(async {
            let _ = stopped.await;
        }));
        Self {
            addr,
            push_addr,
            handle,
            seen,
            stop: Some(stop),
            task,
        }
    }

    /// A gateway that echoes.
    pub(crate) async fn echo(settings: Settings) -> Self {
        Self::start(settings, |call, handle| async move { echo(&call, &handle) }).await
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.addr)
    }

    pub(crate) async fn connect(&self) -> Client {
        tokio_tungstenite::connect_async(self.url())
            .await
            .unwrap()
            .0
    }

    pub(crate) async fn connect_with(
        &self,
        header: &'static str,
        value: &str,
    ) -> Result<Client, tokio_tungstenite::tungstenite::Error> {
        let mut request = self.url().into_client_request().unwrap();
        request
            .headers_mut()
            .insert(header, HeaderValue::from_str(value).unwrap());
        let (client, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(client)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn seen_of(&self, kind: Kind) -> Vec<Seen> {
        let mut seen = self.seen();
        seen.retain(|one| one.kind == kind);
        seen
    }

    /// Waits until the function has seen so many events of a kind.
    pub(crate) async fn wait_for(&self, kind: Kind, count: usize) -> Vec<Seen> {
        until(|| {
            let seen = self.seen_of(kind);
            (seen.len() >= count).then_some(seen)
        })
        .await
    }

    /// Waits until a limit was reached so many times.
    pub(crate) async fn has_reached(&self, setting: &str, times: u64) {
        until(|| {
            let mut reached = self.handle.limits_reached();
            let found = reached.find(|(name, _)| *name == setting);
            let (_, count) = found.expect("a limit of this name");
            (count >= times).then_some(())
        })
        .await;
    }

    pub(crate) fn push(&self, json: &str) -> Answer {
        self.handle.act(&Request::parse(json).unwrap())
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.begin_stop();
        tokio::time::timeout(SOON, &mut self.task)
            .await
            .unwrap()
            .unwrap();
    }

    pub(crate) fn begin_stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SOON, asking)
        .await
        .expect("it never came")
}

pub(crate) fn ok() -> Answered {
    Ok(InvokeAnswer::ok())
}

/// Sends a message back to its sender.
pub(crate) fn echo(call: &Call, handle: &Handle) -> Answered {
    if let Event::Message(message) = Event::parse(&call.event, None).unwrap() {
        let answer = handle.act(&Request::Send {
            to: message.connection_id,
            data: message.data.into(),
        });
        assert_eq!(answer.err_no, 0, "{}", answer.err_msg);
    }
    ok()
}

/// The text of a message event.
pub(crate) fn text(call: &Call) -> String {
    match Event::parse(&call.event, None).unwrap() {
        Event::Message(message) => String::from_utf8_lossy(message.data.as_bytes()).into_owned(),
        _ => String::new(),
    }
}

pub(crate) fn send_json(id: &str, text: &str) -> String {
    format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"{id}","dataType":"text","data":"{text}"}}}}"#
    )
}

pub(crate) fn action_json(action: &str, id: &str, more: &str) -> String {
    format!(r#"{{"websocket":{{"action":"{action}","secConnectionID":"{id}"{more}}}}}"#)
}

/// A handshake as bytes, for clients that go on by hand.
pub(crate) fn handshake(addr: SocketAddr, more: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// A small masked frame.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    let mut bytes = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    bytes
}

/// A client by hand, after its handshake.
pub(crate) async fn raw(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream
        .write_all(handshake(addr, "").as_bytes())
        .await
        .unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream
}

/// Reads up to the end of a head and not beyond.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    let reading = async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(SOON, reading).await.unwrap();
    String::from_utf8(head).unwrap()
}

/// What a server sends until it closes; an error ends it too.
pub(crate) async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut all))
        .await
        .unwrap();
    all
}

/// The answer to some bytes.
pub(crate) async fn ask(addr: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    String::from_utf8_lossy(&read_all(&mut stream).await).into_owned()
}
