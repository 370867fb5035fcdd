//! Pushes over TLS: beyond loopback, and with the bounds that they have in plain text.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wsfn_gateway::push_endpoint::{Act, PushEndpoint};
use wsfn_protocol::{Answer, Request};
use wsfn_settings::{Secret, Settings};

use super::support::{Authority, BOTH, over};
use crate::support::{SOON, read_all, read_head};

struct Yes;

impl Act for Yes {
    fn act(&self, _: &Request<'_>) -> Answer {
        Answer::ok()
    }
}

struct Endpoint {
    /// On loopback, and beyond it.
    near: SocketAddr,
    far: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(settings: Settings) -> Endpoint {
    let addresses = ["127.0.0.1:0", "0.0.0.0:0"].map(|text| text.parse().unwrap());
    let settings = Settings {
        push_listen: Some(addresses.to_vec()),
        push_token: vec![Secret::new("token")],
        ..settings
    };
    let endpoint = PushEndpoint::bind(Yes, &settings).await.unwrap();
    let [near, mut far] = [0, 1].map(|at| endpoint.local_addrs()[at]);
    far.set_ip(near.ip());
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(endpoint.serve(async {
        let _ = stopped.await;
    }));
    Endpoint {
        near,
        far,
        stop,
        task,
    }
}

fn push(body: &str) -> String {
    format!(
        "POST /api-wsfn/token HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const ALIVE: &str = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#;

#[tokio::test]
async fn pushes_come_over_tls_beyond_loopback_and_in_plain_text_on_it() {
    let authority = Authority::new();
    let endpoint = start(authority.settings()).await;
    let stream = TcpStream::connect(endpoint.far).await.unwrap();
    let mut stream = over(stream, authority.client(BOTH)).await.unwrap();
    for text in ["x".to_owned(), "x".repeat(500_000)] {
        let body = format!(
            r#"{{"websocket":{{"action":"data send","secConnectionID":"a","dataType":"text","data":"{text}"}}}}"#
        );
        stream.write_all(push(&body).as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let mut body = vec![0; br#"{"errNo":0,"errMsg":"ok"}"#.len()];
        stream.read_exact(&mut body).await.unwrap();
        assert_eq!(body, br#"{"errNo":0,"errMsg":"ok"}"#);
    }
    let mut plain = TcpStream::connect(endpoint.near).await.unwrap();
    plain.write_all(push(ALIVE).as_bytes()).await.unwrap();
    let head = read_head(&mut plain).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    // Where TLS is spoken, plain text is told so.
    let mut plain = TcpStream::connect(endpoint.far).await.unwrap();
    plain.write_all(push(ALIVE).as_bytes()).await.unwrap();
    let answer = read_all(&mut plain).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
    // An end is told: nothing waits for a connection without a request.
    endpoint.stop.send(()).unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await;
    read.unwrap().expect("close_notify");
    tokio::time::timeout(SOON, endpoint.task)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let authority = Authority::new();
    let endpoint = start(Settings {
        // Long enough for a whole handshake of TLS.
        handshake_timeout: Duration::from_secs(3),
        ..authority.settings()
    })
    .await;
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut stream = TcpStream::connect(endpoint.far).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        assert!(read_all(&mut stream).await.is_empty());
    }
    let config = Arc::new(authority.client(BOTH));
    for bytes in [&b""[..], b"POST /api-wsfn"] {
        let stream = TcpStream::connect(endpoint.far).await.unwrap();
        let mut stream = over(stream, config.clone()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await;
    }
}
