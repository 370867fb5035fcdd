//! A server that does exactly what each test says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use wsfn_gateway::Call;
use wsfn_protocol::{Kind, SessionValue};

/// What the server does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Answers with this status line and body, and keeps the connection.
    Answer(&'static str, &'static str),
    /// Answers with what this makes of the request, and keeps the connection.
    Decide(fn(&str) -> String),
    /// Answers, and closes the connection without having said so.
    AnswerAndClose(&'static str),
    /// Closes the connection instead of answering.
    Close,
    /// Says that more is to come than it sends.
    Half,
    /// Answers with this many bytes of JSON in chunks, a little at a time.
    Pieces(usize),
}

pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) async fn start(does: Does) -> Self {
        Self::on(
            TcpListener::bind("127.0.0.1:0").await.expect("a port"),
            does,
        )
    }

    pub(crate) fn on(listener: TcpListener, does: Does) -> Self {
        let server = Self {
            address: listener.local_addr().expect("its address"),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let (requests, connections) = (server.requests.clone(), server.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, does, requests.clone()));
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("not poisoned").clone()
    }
}

async fn serve(mut stream: TcpStream, does: Does, requests: Arc<Mutex<Vec<String>>>) {
    let mut bytes = Vec::new();
    loop {
        let request = loop {
            if let Some(request) = take(&mut bytes) {
                break request;
            }
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).await {
                Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
                _ => return,
            }
        };
        let (status, body, more) = match does {
            Does::Answer(status, body) => (status, body.to_owned(), 0),
            Does::Decide(answer) => ("200 OK", answer(&request), 0),
            Does::AnswerAndClose(body) => ("200 OK", body.to_owned(), 0),
            Does::Half => ("200 OK", "{".to_owned(), 10),
            Does::Close | Does::Pieces(_) => (" ", String::new(), 0),
        };
        requests.lock().expect("not poisoned").push(request);
        match does {
            Does::Close => return,
            Does::Pieces(length) => match pieces(&mut stream, length).await {
                Ok(()) => continue,
                Err(_) => return,
            },
            _ => {}
        }
        let length = body.len() + more;
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
        let written = stream.write_all(answer.as_bytes()).await;
        if written.is_err() || !matches!(does, Does::Answer(..) | Does::Decide(_)) {
            return;
        }
    }
}

async fn pieces(stream: &mut TcpStream, mut length: usize) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    while length > 0 {
        let piece = length.min(60_000);
        length -= piece;
        let chunk = format!("{piece:x}\r\n{}\r\n", " ".repeat(piece));
        let (first, second) = chunk.split_at(chunk.len() / 3);
        stream.write_all(first.as_bytes()).await?;
        tokio::task::yield_now().await;
        stream.write_all(second.as_bytes()).await?;
    }
    stream.write_all(b"2\r\n{}\r\n0\r\n\r\n").await
}

/// A whole request, if it is there.
fn take(bytes: &mut Vec<u8>) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?
        .parse::<usize>()
        .ok()?;
    let body = rest.get(..length)?;
    let request = format!("{head}\r\n\r\n{body}");
    bytes.drain(..request.len());
    Some(request)
}

pub(crate) fn call(kind: Kind) -> Call {
    Call {
        kind,
        event: r#"{"an":"event"}"#.into(),
        connection_id: "x==".into(),
        event_id: "event-1".into(),
        seq: Some(7),
        session: SessionValue::from_header(r#"3 {"name":"Zo\u00eb"}"#).map(Arc::new),
        deadline: Instant::now() + Duration::from_secs(30),
        request_id: "c6af9ac6-7b61-4000-8a41-93e8deadbeef".into(),
        client_trace: None,
    }
}
