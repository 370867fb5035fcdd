//! Many who leave at once, and others who come meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use wsfn_tests::{Deed, skip};

use super::{Gateway, SOON, scripted};
use crate::process::Folder;

/// How many leave, where `WSFN_TEST_STORM` does not say so.
const LEAVING: usize = 1000;
/// How many come meanwhile, one after the other.
const COMING: usize = 20;
/// How many of those who will leave connect at once.
const AT_ONCE: usize = 200;
/// How long their close events take together, at `close-max` at once.
const CLOSES_TAKE: Duration = Duration::from_secs(10);
/// `close-max`, as it is by default.
const CLOSE_MAX: usize = 64;

/// Connects, from an address of its own network: one has too few ports for many.
async fn enter(address: &str, number: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    let from = format!("127.0.{}.1:0", number / 10_000 + 2);
    socket
        .bind(from.parse().expect("an address"))
        .expect("bound");
    let address = address.parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("it listens");
    let head = "GET /well HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.expect("an answer"));
    }
    assert!(read.starts_with(b"HTTP/1.1 101 "), "{read:?}");
    stream
}

/// How long each of them waits until it is let in.
async fn come(gateway: &Gateway, after: usize) -> Vec<Duration> {
    let mut waits = Vec::new();
    for number in 0..COMING {
        let begun = Instant::now();
        let client = enter(gateway.process.address(), after + number).await;
        waits.push(begun.elapsed());
        drop(client);
    }
    waits.sort();
    waits
}

/// Promised: a storm of disconnects does not delay who connects: their calls go first, and have places of their own (B4).
/// Each of those who left is closed, in the end (D2).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_connects_while_many_leave_at_once_is_let_in_before_they_are_closed() {
    let test = "who_connects_while_many_leave_at_once_is_let_in_before_they_are_closed";
    let leaving = std::env::var("WSFN_TEST_STORM").map_or(LEAVING, |text| {
        text.parse().expect("WSFN_TEST_STORM: expected a number")
    });
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let needed = leaving as u64 + 500;
    if files.is_some_and(|files| files < needed) {
        return skip(
            test,
            &format!("a process may have {files:?} files here, and this takes {needed}"),
        );
    }
    let folder = Folder::new();
    let each = CLOSES_TAKE * CLOSE_MAX as u32 / leaving as u32;
    let closes = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&closes);
    let function = scripted(move |event| match &*event.action {
        "closing" => {
            count.fetch_add(1, Ordering::SeqCst);
            Deed::Late(each)
        }
        _ => Deed::Answer(0),
    });
    let function = function.await;
    let data = folder.data();
    // They answer no pings, and it may take a while until all are there.
    let settings = [("WSFN_DATA", &*data), ("WSFN_PING_INTERVAL", "1h")];
    let gateway = Gateway::start(&function.url(), &settings);
    let idle = come(&gateway, 0).await;
    reach(&closes, COMING).await;

    let mut clients = Vec::new();
    for first in (0..leaving).step_by(AT_ONCE) {
        let some = first..(first + AT_ONCE).min(leaving);
        let entering = some.map(|number| enter(gateway.process.address(), number));
        clients.extend(join_all(entering).await);
    }
    assert_eq!(closes.load(Ordering::SeqCst), COMING);
    for client in &clients {
        // Without a close frame, and without a FIN.
        client.set_zero_linger().expect("set");
    }
    drop(clients);
    reach(&closes, COMING + 1).await;
    let storm = come(&gateway, leaving).await;
    let closed = closes.load(Ordering::SeqCst) - COMING;
    println!(
        "{leaving} leave at once; {COMING} connect meanwhile, in {:?} at the median and {:?} at most, and in {:?} and {:?} \
         while nobody leaves; {closed} of those who left were being closed by then",
        storm[COMING / 2],
        storm[COMING - 1],
        idle[COMING / 2],
        idle[COMING - 1]
    );
    assert!(closed < leaving, "the storm was over before they came");
    reach(&closes, COMING + leaving + COMING).await;
}

/// Waits until so many close events have come.
async fn reach(closes: &AtomicUsize, count: usize) {
    let waiting = async {
        while closes.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(SOON * 10, waiting).await;
    assert!(waited.is_ok(), "{closes:?} of {count} close events");
}
