//! The end of a socket: our side first, then the client's input is drained, within bounds of bytes and time.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use wsfn_settings::Settings;

use super::{HANDSHAKE, connection, origin, serve, shared};
use crate::codec::close::{LINGER_BYTES, LINGER_TIME};
use crate::socket::memory::ClientEnd;
use crate::{BoxFuture, Call, Handle, Invoke, InvokeAnswer, InvokeError};

struct Fine;

impl Invoke for Fine {
    fn invoke<'a>(&'a self, _: Call) -> BoxFuture<'a, Result<InvokeAnswer, InvokeError>> {
        Box::pin(async { Ok(InvokeAnswer::ok()) })
    }
}

/// How many bytes are on their way at most.
const CAPACITY: usize = 1024;

/// A connection that the gateway ends: one whose frames are broken, and one that is no handshake. What it sent is read,
/// and its end; the task goes on.
async fn ended(opening: &[&[u8]]) -> (JoinHandle<()>, ClientEnd) {
    let settings = Settings::default();
    let shared = shared(&Handle::new(&settings), &settings, Fine);
    let (socket, client) = connection(CAPACITY).await;
    let place = shared.connections.clone().try_acquire_owned().unwrap();
    let serving = tokio::spawn(serve(shared, socket, origin(), place));
    let mut buffer = [0; CAPACITY];
    for part in opening {
        client.write_all(part).await.unwrap();
        assert!(client.read(&mut buffer).await.unwrap() > 0);
    }
    assert_eq!(client.read(&mut buffer).await.unwrap(), 0, "FIN");
    assert!(!serving.is_finished());
    (serving, client)
}

/// Ends after which the gateway lingers.
fn openings() -> [Vec<&'static [u8]>; 2] {
    [
        // A frame that is not masked.
        vec![HANDSHAKE, &[0x81, 0]],
        vec![b"no request\r\n\r\n"],
    ]
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_sending_is_cut_after_64_kib() {
    for opening in openings() {
        let (serving, client) = ended(&opening).await;
        let start = Instant::now();
        let mut sent = 0;
        while !serving.is_finished() {
            if client.write_all(&[0; CAPACITY]).await.is_ok() {
                sent += CAPACITY;
            }
            tokio::task::yield_now().await;
            assert!(sent < 4 * LINGER_BYTES, "it is drained for ever");
        }
        // What was under way when it ended counts as sent.
        let taken = LINGER_BYTES - CAPACITY..=LINGER_BYTES + 2 * CAPACITY;
        assert!(taken.contains(&sent), "{sent}");
        assert_eq!(start.elapsed(), Duration::ZERO, "no time had to pass");
        serving.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_the_socket_is_cut_after_a_second() {
    for opening in openings() {
        for trickles in [false, true] {
            let (serving, client) = ended(&opening).await;
            let start = Instant::now();
            let trickle = async {
                loop {
                    tokio::time::sleep(LINGER_TIME / 10).await;
                    if trickles && client.write_all(&[0]).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            };
            tokio::select! {
                ended = serving => ended.unwrap(),
                () = trickle => {}
            }
            // The clock of timers has steps of a millisecond.
            let over = start.elapsed() - LINGER_TIME;
            assert!(over <= Duration::from_millis(1), "{over:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_as_well_is_not_waited_for() {
    for opening in openings() {
        let (serving, client) = ended(&opening).await;
        let start = Instant::now();
        client.finish();
        serving.await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
