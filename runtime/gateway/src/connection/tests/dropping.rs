//! A connection's task that is dropped at each of its awaits leaves nothing behind.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::yield_now;
use wsfn_protocol::{Data, ErrNo, Kind, ReplyPush, Request};
use wsfn_settings::Settings;

use super::{HANDSHAKE, connection, frame, origin, serve, shared};
use crate::shared::Shared;
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

/// A future that is polled so many times and then dropped. Ready with whether it came to its end before.
struct Polled<F, L> {
    future: Option<Pin<Box<F>>>,
    left: usize,
    /// Looks at what is there just before.
    look: L,
}

impl<F: Future<Output = ()>, L: FnMut() + Unpin> Future for Polled<F, L> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        if self.left > 0 {
            self.left -= 1;
            let future = self.future.as_mut().map(|future| future.as_mut().poll(cx));
            match future {
                Some(Poll::Pending) if self.left > 0 => return Poll::Pending,
                Some(Poll::Ready(())) => return Poll::Ready(true),
                Some(Poll::Pending) | None => {}
            }
        }
        (self.look)();
        self.future = None;
        Poll::Ready(false)
    }
}

/// A function that does everything once: joins, pushes, answers with pushes, and fails its first close.
struct Busy {
    handle: Handle,
    closes: AtomicUsize,
}

impl Busy {
    fn act(&self, call: &Call, action: &str, more: &str) {
        let id = &call.connection_id;
        let json =
            format!(r#"{{"websocket":{{"action":"{action}","secConnectionID":"{id}"{more}}}}}"#);
        // Some find no room, and that is as good.
        let _ = self.handle.act(&Request::parse(&json).unwrap());
    }
}

impl Invoke for Busy {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            yield_now().await;
            let text = r#","dataType":"text","data":"twenty bytes of text""#;
            let mut answer = InvokeAnswer::ok();
            let pushes =
                std::iter::repeat_with(|| ReplyPush::Send(Data::Text("answered".into()).into()));
            match call.kind {
                Kind::Connect if call.event.contains("/refused") => answer.err_no = ErrNo(1),
                Kind::Connect => {
                    self.act(&call, "join", r#","room":"r""#);
                    self.act(&call, "session", r#","set":"s""#);
                    self.act(&call, "data send", text);
                    answer.pushes = pushes.take(2).collect();
                }
                Kind::Message => {
                    for _ in 0..4 {
                        self.act(&call, "data send", text);
                    }
                    yield_now().await;
                    answer.pushes = pushes.take(4).collect();
                }
                Kind::Close if self.closes.fetch_add(1, Ordering::Relaxed) == 0 => {
                    return Err(InvokeError::Failed("the first one does".into()));
                }
                Kind::Close => {}
            }
            yield_now().await;
            Ok(answer)
        })
    }
}

fn settings() -> Settings {
    Settings {
        max_connections: 2,
        out_max_messages: 4,
        in_max_messages: 2,
        // One message and one close at a time, so that both also wait for their turn.
        invoke_max: 2,
        close_max: 1,
        ..Settings::default()
    }
}

/// Reads until nothing comes for a while, or the end: then it is true.
async fn read(client: &ClientEnd) -> bool {
    let mut buffer = [0; 48];
    loop {
        let reading = client.read(&mut buffer);
        match tokio::time::timeout(Duration::from_millis(50), reading).await {
            Err(_) => return false,
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
        }
    }
}

/// Writes, unless nothing is read any more.
async fn write(client: &ClientEnd, bytes: &[u8]) {
    let writing = client.write_all(bytes);
    let _ = tokio::time::timeout(Duration::from_millis(10), writing).await;
}

/// A client that does everything once. Where the connection is gone it goes on and notices at the end.
async fn client(client: ClientEnd, path: &str) {
    let handshake = String::from_utf8_lossy(HANDSHAKE).replacen('/', path, 1);
    let (first, second) = handshake.as_bytes().split_at(40);
    write(&client, first).await;
    yield_now().await;
    // A frame in the packet of the handshake.
    write(&client, &[second, &frame(1, b"early")].concat()).await;
    let mut bytes: Vec<u8> = (0..6).flat_map(|_| frame(1, b"message")).collect();
    bytes.extend(frame(9, b"ping"));
    let (first, second) = bytes.split_at(31);
    write(&client, first).await;
    yield_now().await;
    write(&client, second).await;
    read(&client).await;
    // A ping comes meanwhile.
    tokio::time::sleep(Duration::from_secs(26)).await;
    write(&client, &frame(10, b"")).await;
    read(&client).await;
    write(&client, &frame(8, &1000u16.to_be_bytes())).await;
    assert!(read(&client).await, "the socket is closed in the end");
}

/// What was there when it was dropped.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    registered: bool,
    queued: bool,
    waited: bool,
    closing: bool,
}

impl Seen {
    fn look(&mut self, shared: &Shared) {
        let (_, waiting, _) = shared.services.only().calls.free();
        self.registered |= !shared.hub.knows_nobody();
        self.queued |= shared.hub.memory().load(Ordering::Relaxed) > 0;
        self.waited |= waiting > 0;
        self.closing |= shared.hub.is_closing();
    }
}

/// A connection of which this many polls are let happen; says whether that were all.
async fn dropped_after(polls: usize, path: &str, seen: &Arc<Mutex<Seen>>) -> bool {
    let settings = settings();
    let handle = Handle::new(&settings);
    let busy = Busy {
        handle: handle.clone(),
        closes: AtomicUsize::new(0),
    };
    let shared = shared(&handle, &settings, busy);
    let free = shared.services.only().calls.free();
    let (socket, end) = connection(64).await;
    let place = shared.connections.clone().try_acquire_owned().unwrap();
    let (looked, seen) = (shared.clone(), seen.clone());
    let serving = tokio::spawn(Polled {
        future: Some(Box::pin(serve(shared.clone(), socket, origin(), place))),
        left: polls,
        look: move || seen.lock().unwrap().look(&looked),
    });
    let waiting = async {
        // Others are at work, so that its own calls have to wait.
        let message = shared.services.only().calls.try_enter(Kind::Message);
        let close = shared.services.only().calls.try_enter(Kind::Close);
        tokio::time::sleep(Duration::from_millis(25)).await;
        drop(message);
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(close);
    };
    tokio::join!(client(end, path), waiting);
    let ended = serving.await.expect("no panic");
    let hub = &shared.hub;
    assert_eq!(hub.memory().load(Ordering::Relaxed), 0, "{polls}");
    assert!(hub.knows_nobody(), "{polls}");
    assert_eq!(shared.services.only().calls.free(), free, "{polls}");
    let places = shared.connections.available_permits();
    assert_eq!(places, settings.max_connections, "{polls}");
    assert_eq!(shared.registering.load(Ordering::Relaxed), 0, "{polls}");
    ended
}

/// Drops it at every await there is, and says what was there in one or another.
async fn at_each_await(path: &str) -> Seen {
    let seen = Arc::<Mutex<Seen>>::default();
    // The first poll takes the socket.
    let mut polls = 1;
    while !dropped_after(polls, path, &seen).await {
        polls += 1;
        assert!(polls < 10_000, "it does not end");
    }
    assert!(polls >= 5, "only {polls} awaits were tried");
    std::mem::take(&mut *seen.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_life_that_has_everything() {
    let everything = Seen {
        registered: true,
        queued: true,
        waited: true,
        closing: true,
    };
    assert_eq!(at_each_await("/").await, everything);
}

#[tokio::test(start_paused = true)]
async fn a_refused_one() {
    let seen = at_each_await("/refused").await;
    assert!(seen.registered && !seen.closing, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_no_handshake() {
    // The answer does not fit into the connection at once.
    assert_eq!(at_each_await("no request/").await, Seen::default());
}
