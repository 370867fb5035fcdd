//! Counts round trips: a proxy between a client and its server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What it reads at once.
const BUFFER: usize = 64 << 10;

/// A proxy on a port of loopback. A round trip is a turn of a connection from the client's bytes to the server's: what
/// a client writes before it has read an answer is one, in however many pieces it comes.
#[derive(Debug)]
pub struct RoundTrips {
    port: u16,
    turns: Arc<AtomicUsize>,
}

impl RoundTrips {
    /// One before the server on this port of loopback.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let turns = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&turns);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                    continue;
                };
                for stream in [&client, &server] {
                    stream.set_nodelay(true).expect("nodelay");
                }
                let asked = Arc::new(AtomicBool::new(false));
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (turns, seen) = (Arc::clone(&count), Arc::clone(&asked));
                tokio::spawn(pass(from_client, to_server, move || {
                    seen.store(true, Ordering::SeqCst);
                }));
                tokio::spawn(pass(from_server, to_client, move || {
                    // A greeting that nobody asked for is no answer.
                    if asked.swap(false, Ordering::SeqCst) {
                        turns.fetch_add(1, Ordering::SeqCst);
                    }
                }));
            }
        });
        Self { port, turns }
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How many there were so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.turns.load(Ordering::SeqCst)
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, passed: impl Fn()) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        passed();
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
