//! The clock is read when the task wakes and after each turn of the function, and not at every step: nothing may take
//! an old time for the present one.

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, sleep};
use wsfn_protocol::{Data, Event, Kind, ReplyPush};
use wsfn_settings::Settings;

use super::{HANDSHAKE, connection, frame, origin, serve, shared};
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

const SECOND: Duration = Duration::from_secs(1);

/// Does what a message says, and sends it back.
struct Obedient;

impl Invoke for Obedient {
    fn invoke<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async move {
            let mut answer = InvokeAnswer::ok();
            if call.kind != Kind::Message {
                return Ok(answer);
            }
            let Ok(Event::Message(message)) = Event::parse(&call.event, None) else {
                return Err(InvokeError::Failed("not a message".into()));
            };
            if message.data.as_bytes() == b"block" {
                // Time passes although nobody waits, as in a handler that blocks its thread.
                let _ = tokio::time::advance(20 * SECOND).now_or_never();
            } else {
                sleep(15 * SECOND).await;
            }
            let text = String::from_utf8_lossy(message.data.as_bytes()).into_owned();
            answer
                .pushes
                .push(ReplyPush::Send(Data::Text(text.into()).into()));
            Ok(answer)
        })
    }
}

/// A client that is open.
async fn open(settings: &Settings) -> ClientEnd {
    let shared = shared(&Handle::new(settings), settings, Obedient);
    let (socket, client) = connection(4096).await;
    let place = shared.connections.clone().try_acquire_owned().unwrap();
    tokio::spawn(serve(shared, socket, origin(), place));
    client.write_all(HANDSHAKE).await.unwrap();
    let mut buffer = [0; 4096];
    assert!(client.read(&mut buffer).await.unwrap() > 0);
    client
}

async fn read(client: &ClientEnd) -> Vec<u8> {
    let mut buffer = [0; 4096];
    let count = client.read(&mut buffer).await.unwrap();
    buffer[..count].to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_woke_has_not_been_silent_since_it_slept() {
    let settings = Settings::default();
    let client = open(&settings).await;
    sleep(settings.ping_interval - SECOND).await;
    client.write_all(&frame(10, b"")).await.unwrap();
    let read_at = Instant::now();
    assert_eq!(read(&client).await, b"\x89\x00");
    let over = read_at.elapsed() - settings.ping_interval;
    // The clock of timers has steps of a millisecond.
    assert!(over <= Duration::from_millis(1), "{over:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_behind_one_that_blocked_has_all_its_time() {
    let settings = Settings::default();
    assert!(35 * SECOND > settings.invoke_timeout && 20 * SECOND < settings.invoke_timeout);
    let client = open(&settings).await;
    let two = [frame(1, b"block"), frame(1, b"wait")].concat();
    client.write_all(&two).await.unwrap();
    assert_eq!(read(&client).await, b"\x81\x05block");
    // A ping may come between.
    let mut got = read(&client).await;
    while got == b"\x89\x00" {
        got = read(&client).await;
    }
    assert_eq!(got, b"\x81\x04wait");
}
