//! B1: all queues together. What is received and no message yet counts, and so does what waits for a place among the
//! calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use super::{HANDSHAKE, connection, frame, origin, shared};
use crate::connection::serve;
use crate::hub::Hub;
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

/// Accepts at once, and answers a message when it may.
struct Held(Arc<Semaphore>);

impl Invoke for Held {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            if call.kind == Kind::Message {
                let _may = self.0.acquire().await.unwrap();
            }
            Ok(InvokeAnswer::ok())
        })
    }
}

/// Everything that is ready has been done.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

fn counted(hub: &Hub) -> usize {
    hub.memory().load(std::sync::atomic::Ordering::Relaxed)
}

struct World {
    handle: Handle,
    shared: Arc<crate::shared::Shared>,
    may: Arc<Semaphore>,
}

impl World {
    fn new(settings: &Settings) -> Self {
        let handle = Handle::new(settings);
        let may = Arc::new(Semaphore::new(0));
        let shared = shared(&handle, settings, Held(Arc::clone(&may)));
        Self {
            handle,
            shared,
            may,
        }
    }

    async fn connect(&self) -> ClientEnd {
        let (socket, client) = connection(1 << 20).await;
        let shared = Arc::clone(&self.shared);
        let place = shared.connections.clone().acquire_owned().await.unwrap();
        tokio::spawn(async move { serve(shared, socket, origin(), place).await });
        client.write_all(HANDSHAKE).await.unwrap();
        let mut head = [0; 4096];
        let count = client.read(&mut head).await.unwrap();
        assert!(head[..count].starts_with(b"HTTP/1.1 101"));
        client
    }
}

/// The first half of a message of 2,000 bytes.
fn half() -> Vec<u8> {
    let mut bytes = vec![0x82, 0x80 | 126];
    bytes.extend_from_slice(&2_000_u16.to_be_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.resize(8 + 1_000, b'x');
    bytes
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_not_complete_count_and_end_when_they_take_too_long() {
    let settings = Settings {
        queue_memory: 2_000,
        ..Settings::default()
    };
    let world = World::new(&settings);
    let (slow, other, third) = (
        world.connect().await,
        world.connect().await,
        world.connect().await,
    );
    slow.write_all(&half()).await.unwrap();
    settle().await;
    assert_eq!(counted(world.handle.hub()), 1_000);
    other.write_all(&half()).await.unwrap();
    settle().await;
    assert_eq!(counted(world.handle.hub()), 2_000);
    // Reading pauses for everybody.
    world.may.add_permits(1);
    third.write_all(&frame(0x2, b"hello")).await.unwrap();
    settle().await;
    assert_eq!(world.may.available_permits(), 1);
    let messages = || world.handle.hub().counters().calls[1].outcomes[0].get();
    if cfg!(feature = "metrics") {
        assert_eq!(messages(), 0);
    }
    // Those who hold the room have message-timeout, although they are not read either.
    tokio::time::sleep(settings.message_timeout).await;
    let mut buffer = [0; 256];
    for client in [&slow, &other] {
        let count = client.read(&mut buffer).await.unwrap();
        assert_eq!(
            (buffer[0], &buffer[2..4]),
            (0x88, &1008_u16.to_be_bytes()[..])
        );
        assert!(count > 4);
    }
    // Their close frames are not answered.
    tokio::time::sleep(settings.close_timeout + Duration::from_secs(1)).await;
    if cfg!(feature = "metrics") {
        assert_eq!(messages(), 1, "the third is read again");
    }
    for client in [slow, other, third] {
        client.reset();
    }
    settle().await;
    assert_eq!(counted(world.handle.hub()), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_place_among_the_calls_counts() {
    let settings = Settings {
        invoke_max: 2,
        ..Settings::default()
    };
    let world = World::new(&settings);
    let (first, second) = (world.connect().await, world.connect().await);
    first.write_all(&frame(0x2, b"runs")).await.unwrap();
    settle().await;
    assert_eq!(counted(world.handle.hub()), 0, "it is on its way");
    second.write_all(&frame(0x2, b"waits")).await.unwrap();
    settle().await;
    let waiting = counted(world.handle.hub());
    assert!(waiting > b"waits".len(), "{waiting}: the whole event");
    world.may.add_permits(2);
    settle().await;
    assert_eq!(counted(world.handle.hub()), 0);
}
