//! Connections: many, reset, slow to read, and the end of them all.

use std::time::Duration;

use tokio::net::TcpStream;
use wsfn_gateway::push_endpoint::{Act, PushEndpoint};
use wsfn_protocol::{Answer, Request};
use wsfn_settings::Settings;

use crate::support::{Endpoint, settings, within};

const PUSH: &str = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#;
const LINE: &str = "POST /api-wsfn HTTP/1.1";
const HOST: &str = "Host: 127.0.0.1\r\n";

#[tokio::test]
async fn many_connections_push_at_once() {
    let endpoint = Endpoint::start(&settings()).await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut client = endpoint.connect().await;
        client.request(LINE, HOST, PUSH).await;
        clients.push(client);
    }
    for mut client in clients {
        assert_eq!(client.response().await.status, 200);
    }
    assert_eq!(endpoint.recorder.seen().len(), 100);
}

#[tokio::test]
async fn resets_are_survived() {
    let endpoint = Endpoint::start(&settings()).await;
    for _ in 0..500 {
        let mut client = endpoint.connect().await;
        client.request(LINE, HOST, PUSH).await;
        // Unread data at the end of a connection makes it a reset.
        drop(client);
    }
    endpoint.is_alive().await;
}

#[tokio::test]
async fn shutdown_answers_what_has_begun_and_takes_nothing_new() {
    let mut endpoint = Endpoint::start(&settings()).await;
    let mut idle = endpoint.connect().await;
    idle.request(LINE, HOST, PUSH).await;
    assert_eq!(idle.response().await.status, 200);
    let mut begun = endpoint.connect().await;
    begun.request(LINE, HOST, PUSH).await;
    assert_eq!(begun.response().await.status, 200);
    begun
        .write(format!("{LINE}\r\n{HOST}Content-Length: {}\r\n\r\n{{", PUSH.len()).as_bytes())
        .await;
    // The endpoint has read it once a later connection was served.
    endpoint.is_alive().await;
    tokio::time::sleep(Duration::from_millis(50)).await;

    endpoint.begin_to_stop();
    idle.ends().await;
    assert!(TcpStream::connect(endpoint.addr).await.is_err());
    begun.write(&PUSH.as_bytes()[1..]).await;
    let response = begun.response().await;
    assert_eq!(response.status, 200);
    assert!(
        response.head.contains("connection: close\r\n"),
        "{}",
        response.head
    );
    endpoint.stopped().await;
}

#[tokio::test]
async fn shutdown_cuts_who_does_not_finish() {
    let hasty = Settings {
        close_timeout: Duration::from_millis(100),
        ..settings()
    };
    let mut endpoint = Endpoint::start(&hasty).await;
    let mut stuck = endpoint.connect().await;
    stuck
        .write(format!("{LINE}\r\n{HOST}Content-Length: 10\r\n\r\n{{").as_bytes())
        .await;
    endpoint.is_alive().await;
    endpoint.stop().await;
    stuck.ends().await;
}

/// Answers with more than any socket buffer takes.
struct Talkative;

impl Act for Talkative {
    fn act(&self, _: &Request<'_>) -> Answer {
        Answer {
            rooms: Some(vec!["r".repeat(32 << 20)]),
            ..Answer::ok()
        }
    }
}

#[tokio::test]
async fn who_does_not_read_the_answer_is_cut() {
    let hasty = Settings {
        write_timeout: Duration::from_millis(200),
        ..settings()
    };
    let endpoint = PushEndpoint::bind(Talkative, &hasty).await.unwrap();
    let addr = endpoint.local_addrs()[0];
    tokio::spawn(endpoint.serve(std::future::pending()));
    let stream = TcpStream::connect(addr).await.unwrap();
    stream.writable().await.unwrap();
    let request = format!(
        "{LINE}\r\n{HOST}Content-Length: {}\r\n\r\n{PUSH}",
        PUSH.len()
    );
    assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
    // The first bytes say that the answer is made; then it is left alone for three times as long as it may stall.
    within(stream.readable()).await.unwrap();
    // Step by step, so that it has its turn although all of that may pass at once on a busy machine.
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Cut: what was in the buffers comes, and then the end before all of it was read.
    let read = within(async {
        let mut chunk = vec![0; 1 << 20];
        let mut total = 0;
        loop {
            stream.readable().await.unwrap();
            match stream.try_read(&mut chunk) {
                Ok(0) => break total,
                Ok(read) => total += read,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break total,
            }
        }
    })
    .await;
    assert!(read < 32 << 20, "read {read} bytes");
}
