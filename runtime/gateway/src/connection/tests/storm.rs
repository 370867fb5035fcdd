//! B4: a storm of disconnects, and somebody who connects meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use wsfn_protocol::Kind;
use wsfn_settings::Settings;

use super::{HANDSHAKE, connection, origin};
use crate::connection::serve;
use crate::service::Services;
use crate::shared::Shared;
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

/// How many leave at once.
const STORM: usize = 10_000;
/// How long the function works on a close, and on a connect.
const CLOSE: Duration = Duration::from_secs(1);
const CONNECT: Duration = Duration::from_millis(20);

/// Takes its time.
#[derive(Default)]
struct Slow {
    closes: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    connects: Mutex<Vec<Instant>>,
}

impl Invoke for Arc<Slow> {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            match call.kind {
                Kind::Connect => {
                    self.connects.lock().unwrap().push(Instant::now());
                    tokio::time::sleep(CONNECT).await;
                }
                Kind::Close => {
                    let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
                    self.most.fetch_max(running, Ordering::Relaxed);
                    tokio::time::sleep(CLOSE).await;
                    self.running.fetch_sub(1, Ordering::Relaxed);
                    self.closes.fetch_add(1, Ordering::Relaxed);
                }
                Kind::Message => {}
            }
            Ok(InvokeAnswer::ok())
        })
    }
}

async fn connect(shared: &Arc<Shared>) -> ClientEnd {
    let (socket, client) = connection(1 << 10).await;
    let shared = Arc::clone(shared);
    let place = shared.connections.clone().acquire_owned().await.unwrap();
    tokio::spawn(async move { serve(shared, socket, origin(), place).await });
    client.write_all(HANDSHAKE).await.unwrap();
    let mut head = [0; 1024];
    let count = client.read(&mut head).await.unwrap();
    assert!(head[..count].starts_with(b"HTTP/1.1 101"));
    client
}

/// The time is virtual: what is compared is who waits for whom.
#[tokio::test(start_paused = true)]
async fn ten_thousand_who_leave_at_once_do_not_delay_who_connects() {
    let folder = std::env::temp_dir().join(format!("wsfn-storm-{}", std::process::id()));
    let settings = Settings {
        data: Some(folder.clone()),
        // All of them come at once as well, and the test takes fewer rounds.
        max_registering: STORM,
        invoke_queue: STORM,
        close_max: 256,
        ..Settings::default()
    };
    let slow = Arc::new(Slow::default());
    let handle = Handle::open(&settings).unwrap();
    let journal = handle.hub().journal().unwrap();
    journal.start();
    let services = Services::one(&settings, Arc::new(Arc::clone(&slow))).with_journal();
    let shared = Arc::new(Shared::new(
        &settings,
        services,
        handle.hub().clone(),
        None,
        bytes::Bytes::new(),
    ));

    let began = Instant::now();
    drop(connect(&shared).await);
    let idle = began.elapsed();
    tokio::time::sleep(CLOSE * 2).await;

    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..STORM {
        let shared = Arc::clone(&shared);
        clients.spawn(async move { connect(&shared).await });
    }
    let clients = clients.join_all().await;
    let before = slow.closes.load(Ordering::Relaxed);
    for client in &clients {
        client.reset();
    }
    tokio::time::sleep(CLOSE / 2).await;
    assert_eq!(slow.running.load(Ordering::Relaxed), settings.close_max);
    for round in 0..5 {
        let began = Instant::now();
        let client = connect(&shared).await;
        assert_eq!(began.elapsed(), idle, "round {round}");
        let sent = *slow.connects.lock().unwrap().last().unwrap();
        assert_eq!(sent, began, "the connect event was sent at once");
        tokio::time::sleep(CLOSE).await;
        client.reset();
    }
    let done = slow.closes.load(Ordering::Relaxed) - before;
    assert!(done < STORM / 2, "{done}: the storm was over");
    // All of them are told all the same, and nothing is left.
    let rounds = (STORM / settings.close_max + 10) as u32;
    tokio::time::sleep(CLOSE * rounds).await;
    assert_eq!(slow.closes.load(Ordering::Relaxed) - before, STORM + 5);
    assert_eq!(slow.most.load(Ordering::Relaxed), settings.close_max);
    journal.flush().await;
    assert_eq!(journal.numbers().entries(), 0);
    assert!(handle.hub().knows_nobody());
    let _ = std::fs::remove_dir_all(folder);
}
