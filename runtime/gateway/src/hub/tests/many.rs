//! More connections than one push writes to, and than are remembered while their close events wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use bytes::Bytes;
use tokio::sync::Semaphore;
use wsfn_protocol::{Answer, ErrNo, Kind, Request};
use wsfn_settings::Settings;

use super::connection;
use crate::hub::peer::Peer;
use crate::hub::{CLOSING_MAX, Hub, SEALED_MAX};
use crate::socket::Reader;
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Gateway, Handle, Invoke, InvokeAnswer, InvokeError};

/// Above this number of targets a push leaves the writing to the sockets' own tasks.
const DIRECT: usize = 2048;
const MORE: usize = 200;

fn hub(settings: &Settings) -> Hub {
    Hub::new(settings, crate::chance::Chance::System)
}

fn act(hub: &Hub, json: &str) -> Answer {
    hub.act(&Request::parse(json).unwrap())
}

fn broadcast(hub: &Hub, text: &str) -> Answer {
    act(
        hub,
        &format!(r#"{{"websocket":{{"action":"broadcast","dataType":"text","data":"{text}"}}}}"#),
    )
}

fn of(hub: &Hub, action: &str, peer: &Peer, more: &str) -> Answer {
    let id = peer.id();
    act(
        hub,
        &format!(r#"{{"websocket":{{"action":"{action}","secConnectionID":"{id}"{more}}}}}"#),
    )
}

/// Counts how often a connection's task was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Open {
    peer: Arc<Peer>,
    woken: Arc<Woken>,
    client: ClientEnd,
    _reader: Reader,
}

impl Open {
    async fn new(hub: &Hub) -> Self {
        let (reader, writer, client) = connection(100).await;
        let peer = hub.register(None).unwrap();
        let woken = Arc::new(Woken::default());
        let mut out = peer.out();
        out.open(writer, Bytes::new());
        out.set_waker(&Waker::from(Arc::clone(&woken)));
        drop(out);
        Self {
            peer,
            woken,
            client,
            _reader: reader,
        }
    }

    /// What its task does when it is woken.
    fn run(&self, hub: &Hub) {
        self.peer.out().flush(hub.memory());
    }

    /// What its client has got.
    async fn received(&self) -> Vec<u8> {
        let mut buffer = [0; 100];
        tokio::select! {
            biased;
            count = self.client.read(&mut buffer) => buffer[..count.unwrap()].to_vec(),
            () = std::future::ready(()) => Vec::new(),
        }
    }
}

async fn open(hub: &Hub) -> Vec<Open> {
    let mut all = Vec::new();
    for _ in 0..DIRECT + MORE {
        all.push(Open::new(hub).await);
    }
    all
}

#[tokio::test]
async fn above_2048_targets_the_sockets_own_tasks_write() {
    let hub = hub(&Settings::default());
    let all = open(&hub).await;
    let frame = b"\x81\x011".len();
    let answer = broadcast(&hub, "1");
    assert_eq!(answer.delivered, Some(DIRECT + MORE));
    assert_eq!(hub.memory().load(Ordering::Relaxed), MORE * frame);
    let woken = |all: &[Open]| {
        let of = |open: &&Open| open.woken.0.load(Ordering::Relaxed) > 0;
        all.iter().filter(of).count()
    };
    assert_eq!(woken(&all), MORE);
    // Which ones are written to at once may be others in the next broadcast, and the order stays.
    assert_eq!(broadcast(&hub, "2").delivered, Some(DIRECT + MORE));
    for open in &all {
        open.run(&hub);
        assert_eq!(open.received().await, b"\x81\x011\x81\x012");
    }
    assert_eq!(hub.memory().load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_has_no_room_is_answered_for_each_target() {
    const ROOM: usize = 50;
    let frame = b"\x81\x011".len();
    let hub = hub(&Settings {
        queue_memory: ROOM * frame,
        ..Settings::default()
    });
    let all = open(&hub).await;
    let answer = broadcast(&hub, "1");
    assert_eq!(answer.err_no, 0);
    assert_eq!(answer.delivered, Some(DIRECT + ROOM));
    assert_eq!(hub.memory().load(Ordering::Relaxed), ROOM * frame);
    let failed = answer.failed.unwrap();
    assert_eq!(failed.len(), MORE - ROOM);
    for open in &all {
        open.run(&hub);
        let failed = failed.iter().find(|failed| failed.id == **open.peer.id());
        assert!(failed.is_none_or(|failed| failed.err_no == ErrNo::QUEUE_FULL.0));
        let expected: &[u8] = if failed.is_none() { b"\x81\x011" } else { b"" };
        assert_eq!(open.received().await, expected);
    }
    assert_eq!(hub.memory().load(Ordering::Relaxed), 0);
}

#[test]
fn rooms_and_sessions_of_so_many_closed_ones_stay_readable() {
    let hub = hub(&Settings::default());
    let mut peers = Vec::new();
    for _ in 0..SEALED_MAX + MORE {
        let peer = hub.register(None).unwrap();
        assert_eq!(of(&hub, "join", &peer, r#","room":"r""#).err_no, 0);
        assert_eq!(of(&hub, "session", &peer, r#","set":"x""#).err_no, 0);
        hub.seal(&peer);
        peers.push(peer);
    }
    let (readable, beyond) = peers.split_at(SEALED_MAX);
    for peer in readable {
        let rooms = of(&hub, "rooms", peer, "").rooms;
        assert_eq!(rooms.as_deref(), Some(&["r".to_owned()][..]));
        assert_eq!(of(&hub, "session", peer, "").version, Some(1));
    }
    for peer in beyond {
        assert_eq!(of(&hub, "rooms", peer, "").err_no, ErrNo::GONE.0);
        assert_eq!(peer.session_value().version, 0, "its memory is free");
    }
    assert_eq!(hub.peers().len(), SEALED_MAX);
    assert_eq!(hub.rooms().members_known(), SEALED_MAX);
    // Each close event that is answered makes room for another.
    hub.forget(&peers[0]);
    hub.forget(&peers[SEALED_MAX]);
    let next = hub.register(None).unwrap();
    of(&hub, "join", &next, r#","room":"r""#);
    hub.seal(&next);
    assert_eq!(of(&hub, "rooms", &next, "").err_no, ErrNo::GONE.0);
    for peer in peers.iter().skip(1).chain([&next]) {
        if !Arc::ptr_eq(peer, &peers[SEALED_MAX]) {
            hub.forget(peer);
        }
    }
    assert_eq!(hub.sealed.load(Ordering::Relaxed), 0);
    assert_eq!(hub.peers().len(), 0);
    assert_eq!(hub.rooms().members_known(), 0);
}

/// Whose close events are answered when there are permits; they note their ids.
struct Slow {
    closes: Semaphore,
    closed: Mutex<Vec<Arc<str>>>,
}

impl Invoke for Arc<Slow> {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            if call.kind == Kind::Close {
                self.closes.acquire().await.unwrap().forget();
                self.closed.lock().unwrap().push(call.connection_id);
            }
            Ok(InvokeAnswer::ok())
        })
    }
}

const HANDSHAKE: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The first line of the answer.
async fn handshake(dialer: &crate::testing::Dialer) -> String {
    let address = "127.0.0.1:1".parse().unwrap();
    let client = dialer.dial(address, 4096, None).await.unwrap();
    client.write_all(HANDSHAKE).await.unwrap();
    let mut buffer = [0; 4096];
    let count = client.read(&mut buffer).await.unwrap();
    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn close_events_that_wait_are_all_sent_and_bounded_in_number() {
    const BOUND: usize = 300;
    const { assert!(CLOSING_MAX > SEALED_MAX) };
    let settings = Settings {
        drain: std::time::Duration::ZERO,
        ..Settings::default()
    };
    let mut hub = hub(&settings);
    hub.bounds.sealed_max = BOUND / 3;
    hub.bounds.closing_max = BOUND;
    let handle = Handle { hub: Arc::new(hub) };
    let slow = Arc::new(Slow {
        closes: Semaphore::new(0),
        closed: Mutex::default(),
    });
    let invoke = Arc::new(Arc::clone(&slow));
    let (gateway, dialer) = Gateway::in_memory(handle.clone(), &settings, invoke, None)
        .await
        .unwrap();
    let serving = tokio::spawn(gateway.serve(std::future::pending()));
    let closing = |count| async move {
        while handle.hub.sealed.load(Ordering::Relaxed) != count {
            tokio::task::yield_now().await;
        }
    };
    for count in 1..=BOUND {
        // Each client leaves as soon as it is in.
        assert_eq!(handshake(&dialer).await, "HTTP/1.1 101 Switching Protocols");
        closing.clone()(count).await;
    }
    let full = handshake(&dialer).await;
    assert_eq!(full, "HTTP/1.1 503 Service Unavailable");
    slow.closes.add_permits(1);
    closing.clone()(BOUND - 1).await;
    assert_eq!(handshake(&dialer).await, "HTTP/1.1 101 Switching Protocols");
    slow.closes.add_permits(BOUND);
    closing(0).await;
    let mut closed = slow.closed.lock().unwrap().clone();
    closed.sort();
    closed.dedup();
    assert_eq!(closed.len(), BOUND + 1, "one close event for each");
    serving.abort();
}
