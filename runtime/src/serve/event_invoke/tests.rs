//! The server over real sockets.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::context::Context;

/// Does what the event says.
#[derive(Default)]
struct Obeys(AtomicUsize);

impl Answers for Obeys {
    async fn answer(&self, event: Arc<str>, context: Context) -> String {
        match &*event {
            "block" => std::thread::sleep(Duration::from_secs(3)),
            "sleep" => {
                self.0.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            // Ends only when three are here at once.
            "meet" => {
                self.0.fetch_add(1, Ordering::SeqCst);
                while self.0.load(Ordering::SeqCst) < 3 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            "panic" => panic!("as told"),
            _ => {}
        }
        format!("<{} {}>", event.len(), context.request_id)
    }
    async fn blocked(&self, event: Arc<str>, context: Context) -> String {
        format!("blocked by {event}, {}", context.deadline.is_some())
    }
    fn handler_of(&self, _: &str) -> &'static str {
        "obeys"
    }
}

struct Server {
    address: SocketAddr,
    obeys: Arc<Obeys>,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

async fn server() -> Server {
    server_with(BODY_TIMEOUT).await
}

async fn server_with(body: Duration) -> Server {
    let settings = Settings {
        listen: Some(vec![([127, 0, 0, 1], 0).into()]),
        ..Settings::default()
    };
    let server = EventInvoke::bind(&settings).await.expect("a port");
    let address = server.addresses()[0];
    let (stop, stopped) = oneshot::channel();
    let limits = Limits {
        timeout: Duration::from_secs(60),
        body,
        drain: Duration::from_secs(60),
    };
    let obeys = Arc::new(Obeys::default());
    let answers = Arc::clone(&obeys);
    let ended = tokio::spawn(async move {
        let handlers = Handlers::start().expect("threads");
        let shutdown = async { drop(stopped.await) };
        server.serve(answers, &handlers, limits, shutdown).await;
    });
    Server {
        address,
        obeys,
        stop,
        ended,
    }
}

fn post(body: &[u8], headers: &str) -> Vec<u8> {
    let head = format!(
        "POST /event-invoke HTTP/1.1\r\nhost: x\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// One answer: status and body.
async fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a head"));
    }
    let head = String::from_utf8(head).expect("text").to_lowercase();
    let status = head[9..12].parse().expect("a status");
    let length = head.split("content-length: ").nth(1).expect("a length");
    let length = length.split("\r\n").next().expect("a length");
    let mut body = vec![0; length.parse().expect("a number")];
    stream.read_exact(&mut body).await.expect("a body");
    (status, String::from_utf8(body).expect("text"))
}

async fn ask(address: SocketAddr, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request).await.expect("it reads");
    answer(&mut stream).await
}

#[tokio::test]
async fn one_connection_many_events_and_its_headers() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    for number in 0..3 {
        let request = post(b"hello", &format!("X-SCF-request-ID: r{number}\r\n"));
        stream.write_all(&request).await.expect("it reads");
        assert_eq!(answer(&mut stream).await, (200, format!("<5 r{number}>")));
    }
}

#[tokio::test]
async fn events_run_at_once() {
    let server = server().await;
    let request = post(b"meet", "");
    let (a, b, c) = tokio::join!(
        ask(server.address, &request),
        ask(server.address, &request),
        ask(server.address, &request)
    );
    assert_eq!([a.0, b.0, c.0], [200; 3]);
}

#[tokio::test]
async fn anything_but_post_event_invoke_is_told_so() {
    let server = server().await;
    let (status, text) = ask(server.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(status, 404);
    assert!(text.contains("only POST /event-invoke"), "{text}");
    let (status, text) = ask(
        server.address,
        b"GET /event-invoke HTTP/1.1\r\nhost: x\r\n\r\n",
    )
    .await;
    assert_eq!(status, 405);
    assert!(text.contains("not GET"), "{text}");
}

#[tokio::test]
async fn bad_bodies_are_answered() {
    let server = server().await;
    let huge = vec![b'x'; crate::serve::EVENT_MAX + 1];
    let (status, text) = ask(server.address, &post(&huge, "")).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("1001") && text.contains("larger than 6291456 bytes"),
        "{text}"
    );
    let (_, text) = ask(server.address, &post(&huge[1..], "")).await;
    assert_eq!(text, "<6291456 >");
    let (_, text) = ask(server.address, &post(b"a\xff", "")).await;
    assert!(text.contains("not UTF-8 at byte 1"), "{text}");
    let (_, text) = ask(server.address, &post(b"", "")).await;
    assert_eq!(text, "<0 >");
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let half = b"POST /event-invoke HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    stream.write_all(half).await.expect("it reads");
    stream.shutdown().await.expect("half closed");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();
    // It lives.
    assert_eq!(ask(server.address, &post(b"x", "")).await.0, 200);
}

#[tokio::test]
async fn a_sender_that_stalls_is_cut_off_with_an_answer() {
    let server = server_with(Duration::from_millis(300)).await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let half = b"POST /event-invoke HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
    stream.write_all(half).await.expect("it reads");
    // It goes on sending, but not fast enough to ever come to the end: the bound is on the whole, not on each piece.
    let (mut reads, mut writes) = stream.into_split();
    let trickle = tokio::spawn(async move {
        while writes.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut said = Vec::new();
    let read = reads.read_to_end(&mut said);
    // A bound on the test alone: a server that waits for ever fails here instead of hanging.
    let read = tokio::time::timeout(Duration::from_secs(60), read).await;
    assert!(read.is_ok(), "the connection is still open");
    trickle.abort();
    let said = String::from_utf8(said).expect("text");
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.contains("connection: close"), "{said}");
    assert!(
        said.ends_with("\r\n\r\nthe event did not arrive within 300ms\n"),
        "{said}"
    );
    // Others are served meanwhile and afterwards.
    assert_eq!(ask(server.address, &post(b"x", "")).await.0, 200);
}

#[tokio::test]
async fn tls_bytes_do_no_harm() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    let hello = [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        &[7; 512],
    ]
    .concat();
    stream.write_all(&hello).await.expect("it reads");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.ok();
    assert_eq!(ask(server.address, &post(b"x", "")).await.0, 200);
}

#[tokio::test]
async fn handlers_that_block_or_panic_are_answered_for() {
    let server = server().await;
    let blocked = post(b"block", "X-Scf-Timeout: 1\r\n");
    let (well, panics) = (post(b"x", ""), post(b"panic", ""));
    let (a, b, other, panicked) = tokio::join!(
        ask(server.address, &blocked),
        ask(server.address, &blocked),
        ask(server.address, &well),
        ask(server.address, &panics),
    );
    let answered = (200, "blocked by block, true".to_owned());
    assert_eq!((a, b), (answered.clone(), answered));
    assert_eq!(other, (200, "<1 >".to_owned()));
    assert_eq!(panicked.0, 200);
}

#[tokio::test]
async fn shutdown_answers_what_it_has_begun() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address)
        .await
        .expect("it listens");
    stream
        .write_all(&post(b"sleep", ""))
        .await
        .expect("it reads");
    // It has begun.
    while server.obeys.0.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.stop.send(()).expect("it runs");
    assert_eq!(answer(&mut stream).await, (200, "<5 >".to_owned()));
    server.ended.await.expect("it ends well");
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_one_line_that_names_the_setting() {
    let server = server().await;
    let settings = Settings {
        listen: Some(vec![server.address]),
        ..Settings::default()
    };
    let error = EventInvoke::bind(&settings).await.err().expect("in use");
    assert!(
        error.starts_with(&format!("listen: cannot listen on {}", server.address)),
        "{error}"
    );
    assert!(
        error.contains("WSFN_LISTEN") && !error.contains('\n'),
        "{error}"
    );
}

fn check(listen: &str, change: impl FnOnce(&mut Settings)) -> Result<(), String> {
    let mut settings = Settings::default();
    change(&mut settings);
    refuse_if_open(&[listen.parse().expect("an address")], &settings)
}

#[test]
fn beyond_loopback_somebody_has_to_say_so() {
    assert!(check("127.0.0.1:9000", |_| {}).is_ok());
    assert!(check("[::1]:9000", |_| {}).is_ok());
    let refused = check("0.0.0.0:9000", |_| {}).expect_err("open");
    assert!(
        refused.contains("WSFN_INSECURE=invoke-unsigned"),
        "{refused}"
    );
    assert!(check("0.0.0.0:9000", |settings| settings.in_scf = true).is_ok());
    assert!(
        check("0.0.0.0:9000", |settings| {
            settings.insecure.invoke_unsigned = true;
        })
        .is_ok()
    );
    let secret = |settings: &mut Settings| settings.secret.push(wsfn_settings::Secret::new("s"));
    assert!(check("0.0.0.0:9000", secret).is_ok());
}
