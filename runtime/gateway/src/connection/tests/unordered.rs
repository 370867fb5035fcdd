//! A function that takes the next message of a connection while one is handled.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use wsfn_protocol::{Data, Event, Kind, ReplyPush};
use wsfn_settings::{FailedMessage, Settings};

use super::{HANDSHAKE, connection, frame, origin, shared};
use crate::connection::serve;
use crate::machine::LANES_MAX;
use crate::shared::Shared;
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

/// What happened at the function, and which of its calls may end.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    may_end: Mutex<Vec<String>>,
    changed: Notify,
}

impl Log {
    fn says(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    /// All lines since the last look.
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }

    async fn ends(&self, text: &str) {
        loop {
            let changed = self.changed.notified();
            if self.may_end.lock().unwrap().iter().any(|may| may == text) {
                return;
            }
            changed.await;
        }
    }
}

/// Holds each message until it may end. What it does then stands in its text.
struct Held(Arc<Log>);

impl Invoke for Held {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            let seq = call.seq.unwrap_or(99);
            let mut answer = InvokeAnswer::ok();
            let text = match Event::parse(&call.event, None).unwrap() {
                Event::Connect(_) => {
                    answer.unordered = true;
                    return Ok(answer);
                }
                Event::Message(message) => match message.data {
                    Data::Text(text) => text.into_owned(),
                    Data::Binary(_) => "binary".to_owned(),
                },
                Event::Close(_) => {
                    self.0.says(format!("{seq} close"));
                    return Ok(answer);
                }
            };
            self.0.says(format!("{seq} {text}"));
            self.0.ends(&text).await;
            self.0.says(format!("{seq} ends"));
            match &*text {
                "fail" => return Err(InvokeError::Failed("it says so".into())),
                "panic" => panic!("it says so"),
                // While this is polled, and others were already.
                "m6" => {
                    self.0.may_end.lock().unwrap().push("m3".to_owned());
                    self.0.changed.notify_waiters();
                }
                "large" => {
                    let push = || ReplyPush::Send(Data::Text("x".repeat(90_000).into()).into());
                    answer.pushes.extend(std::iter::repeat_with(push).take(3));
                }
                text => answer
                    .pushes
                    .push(ReplyPush::Send(Data::Text(text.to_owned().into()).into())),
            }
            Ok(answer)
        })
    }
}

/// Without pings between the messages.
fn quiet() -> Settings {
    Settings {
        ping_interval: Duration::from_secs(3600),
        ..Settings::default()
    }
}

struct World {
    handle: Handle,
    shared: Arc<Shared>,
    log: Arc<Log>,
    client: ClientEnd,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        let handle = Handle::new(settings);
        let log = Arc::<Log>::default();
        let shared = shared(&handle, settings, Held(Arc::clone(&log)));
        let (socket, client) = connection(1 << 10).await;
        let place = shared.connections.clone().acquire_owned().await.unwrap();
        tokio::spawn(serve(Arc::clone(&shared), socket, origin(), place));
        client.write_all(HANDSHAKE).await.unwrap();
        let mut head = [0; 4096];
        let count = client.read(&mut head).await.unwrap();
        assert!(head[..count].starts_with(b"HTTP/1.1 101"));
        Self {
            handle,
            shared,
            log,
            client,
        }
    }

    async fn send(&self, text: &str) {
        let frame = frame(0x1, text.as_bytes());
        self.client.write_all(&frame).await.unwrap();
        settle().await;
    }

    async fn may_end(&self, text: &str) {
        self.log.may_end.lock().unwrap().push(text.to_owned());
        self.log.changed.notify_waiters();
        settle().await;
    }

    /// What the next frame holds.
    async fn next(&self) -> Vec<u8> {
        let head = self.read(2).await;
        let length = match head[1] {
            127 => u64::from_be_bytes(self.read(8).await.try_into().unwrap()) as usize,
            126 => usize::from(u16::from_be_bytes(self.read(2).await.try_into().unwrap())),
            length => usize::from(length),
        };
        self.read(length).await
    }

    async fn read(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let mut at = 0;
        while at < length {
            let count = self.client.read(&mut bytes[at..]).await.unwrap();
            assert_ne!(count, 0, "the connection has ended");
            at += count;
        }
        bytes
    }

    /// Nothing of the connection is left.
    async fn is_over(&self) {
        settle().await;
        let memory = self.handle.hub().memory();
        assert_eq!(memory.load(std::sync::atomic::Ordering::Relaxed), 0);
        let (_, waiting, bytes) = self.shared.services.get(0).unwrap().calls.free();
        assert_eq!((waiting, bytes), (0, 0));
    }
}

/// Everything that is ready has been done.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn they_start_in_order_and_end_as_they_like() {
    let world = World::new(&quiet()).await;
    for text in ["a", "b", "c"] {
        world.send(text).await;
    }
    assert_eq!(world.log.lines(), ["1 a", "2 b", "3 c"]);
    for text in ["b", "c", "a"] {
        world.may_end(text).await;
        assert_eq!(world.next().await, text.as_bytes());
    }
    assert_eq!(world.log.lines(), ["2 ends", "3 ends", "1 ends"]);
    world.client.reset();
    world.is_over().await;
    assert_eq!(world.log.lines(), ["4 close"]);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_run_and_the_rest_waits_in_the_socket() {
    let settings = Settings {
        in_max_messages: 2,
        ..quiet()
    };
    let world = World::new(&settings).await;
    let texts: Vec<String> = (1..=LANES_MAX + 4).map(|n| format!("m{n}")).collect();
    for text in &texts {
        world.send(text).await;
    }
    let started = |range: std::ops::RangeInclusive<usize>| -> Vec<String> {
        range.map(|n| format!("{n} m{n}")).collect()
    };
    assert_eq!(world.log.lines(), started(1..=LANES_MAX));
    // The oldest of those that wait is next.
    world.may_end("m5").await;
    let next = LANES_MAX + 1;
    assert_eq!(
        world.log.lines(),
        ["5 ends".to_owned(), format!("{next} m{next}")]
    );
    assert_eq!(world.next().await, b"m5");
    // The others are still delivered when the client has left, and the close comes after all of them.
    world.client.reset();
    settle().await;
    for text in &texts {
        world.may_end(text).await;
    }
    let lines = world.log.lines();
    assert!(lines.last().unwrap().ends_with("close"), "{lines:?}");
    let next = |n: usize| lines.contains(&format!("{n} m{n}"));
    assert!(next(LANES_MAX + 2) && next(LANES_MAX + 3), "{lines:?}");
    world.is_over().await;
}

/// One lane is free and taken again, and before its call has begun a lane before it is free too.
#[tokio::test(start_paused = true)]
async fn a_lane_that_is_looked_at_first_is_no_reason_to_begin_first() {
    let world = World::new(&quiet()).await;
    for n in 1..=LANES_MAX + 2 {
        world.send(&format!("m{n}")).await;
    }
    assert_eq!(world.log.lines().len(), LANES_MAX);
    world.may_end("m6").await;
    let (one, two) = (LANES_MAX + 1, LANES_MAX + 2);
    assert_eq!(
        world.log.lines(),
        [
            "6 ends".to_owned(),
            "3 ends".to_owned(),
            format!("{one} m{one}"),
            format!("{two} m{two}")
        ]
    );
}

/// One place among the calls of all connections.
#[tokio::test(start_paused = true)]
async fn none_overtakes_one_that_waits_for_a_place() {
    let settings = Settings {
        invoke_max: 2,
        ..quiet()
    };
    let world = World::new(&settings).await;
    for text in ["a", "b", "c"] {
        world.send(text).await;
    }
    assert_eq!(world.log.lines(), ["1 a"]);
    let (_, waiting, _) = world.shared.services.get(0).unwrap().calls.free();
    assert_eq!(waiting, 1, "one connection waits in one place");
    for (ends, then) in [
        ("a", &["1 ends", "2 b"][..]),
        ("b", &["2 ends", "3 c"]),
        ("c", &["3 ends"]),
    ] {
        world.may_end(ends).await;
        assert_eq!(world.log.lines(), then);
        assert_eq!(world.next().await, ends.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_closes_once_and_the_close_event_comes_after_all() {
    for how in ["fail", "panic"] {
        let world = World::new(&quiet()).await;
        for text in ["a", how, "b"] {
            world.send(text).await;
        }
        world.may_end(how).await;
        assert_eq!(world.log.lines()[3], "2 ends");
        assert_eq!(world.next().await[..2], 1011_u16.to_be_bytes());
        world.client.reset();
        settle().await;
        for text in ["b", "a"] {
            assert_eq!(world.log.lines(), [""; 0], "{how}");
            world.may_end(text).await;
            assert!(world.log.lines()[0].ends_with("ends"));
        }
        world.is_over().await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_told_with_its_own_id() {
    let settings = Settings {
        failed_message: FailedMessage::Tell,
        ..quiet()
    };
    let world = World::new(&settings).await;
    for id in 1..=3 {
        world.send(&format!(r#"{{"id":{id}}}"#)).await;
    }
    assert_eq!(world.log.lines().len(), 3);
    // All are late, one after the other.
    tokio::time::sleep(settings.invoke_timeout).await;
    for id in 1..=3 {
        let note = String::from_utf8(world.next().await).unwrap();
        assert!(note.contains(&format!(r#""id":{id}"#)), "{note}");
    }
    world.send("b").await;
    world.may_end("b").await;
    assert_eq!(world.next().await, b"b", "it lives on");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_for_room_holds_up_no_running_call() {
    let settings = Settings {
        max_message: 100_000,
        out_max_bytes: 100_000,
        ..quiet()
    };
    let world = World::new(&settings).await;
    for text in ["large", "a", "b"] {
        world.send(text).await;
    }
    assert_eq!(world.log.lines().len(), 3);
    world.may_end("large").await;
    // The client does not read: the answer waits, others come to their end, and another message is taken.
    world.may_end("a").await;
    world.send("c").await;
    assert_eq!(world.log.lines(), ["1 ends", "2 ends", "4 c"]);
    world.may_end("c").await;
    for _ in 0..3 {
        assert_eq!(world.next().await.len(), 90_000);
    }
    // Answers go out in the order in which they came.
    for text in ["a", "c"] {
        assert_eq!(world.next().await, text.as_bytes());
    }
    world.may_end("b").await;
    assert_eq!(world.next().await, b"b");
    world.client.reset();
    world.is_over().await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_find_no_room_are_each_given_up() {
    let settings = Settings {
        max_message: 100_000,
        out_max_bytes: 100_000,
        // Longer than answers wait, so that what ends is their waiting and not the connection.
        write_timeout: Duration::from_secs(30),
        ..quiet()
    };
    let world = World::new(&settings).await;
    for text in ["large", "a"] {
        world.send(text).await;
    }
    world.may_end("large").await;
    world.may_end("a").await;
    tokio::time::sleep(settings.write_timeout * 2).await;
    // Nothing was read for write-timeout: the connection has ended, and nothing waits any more.
    assert_eq!(world.log.lines().last().unwrap(), "3 close");
    world.is_over().await;
}

/// A call that was never sent is no reason to forget those that were.
#[tokio::test(start_paused = true)]
async fn one_that_finds_no_place_closes_and_the_others_are_awaited() {
    let settings = Settings {
        invoke_max: 2,
        ..quiet()
    };
    let world = World::new(&settings).await;
    for text in ["a", "b"] {
        world.send(text).await;
    }
    tokio::time::sleep(settings.invoke_timeout).await;
    let close = world.next().await;
    assert!(
        [1011, 1013]
            .map(u16::to_be_bytes)
            .iter()
            .any(|code| close[..2] == *code)
    );
    assert_eq!(world.log.lines(), ["1 a"]);
    world.client.reset();
    settle().await;
    assert_eq!(world.log.lines(), [""; 0]);
    world.may_end("a").await;
    let lines = world.log.lines();
    assert_eq!((&*lines[0], lines.len()), ("1 ends", 2));
    assert!(lines[1].ends_with("close"));
    world.is_over().await;
}

/// Which messages are events of which kind is nothing that this changes.
#[tokio::test(start_paused = true)]
async fn a_binary_message_is_one_too() {
    let world = World::new(&quiet()).await;
    world.send("a").await;
    let bytes = frame(0x2, b"hello");
    world.client.write_all(&bytes).await.unwrap();
    settle().await;
    assert_eq!(world.log.lines(), ["1 a", "2 binary"]);
    let calls = &world.handle.hub().counters().calls[Kind::Message as usize];
    if cfg!(feature = "metrics") {
        assert_eq!(calls.outcomes[0].get(), 0);
    }
}
