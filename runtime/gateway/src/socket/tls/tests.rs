//! Clients whose bytes were damaged on the way, at the socket itself: nothing panics, and nobody waits for ever.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wsfn_settings::Settings;

use crate::socket::{Listener, Reader, Writer};
use crate::testing::Random;
use crate::tls::Certificate;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

struct Both {
    listener: Listener,
    addr: std::net::SocketAddr,
    config: Arc<ClientConfig>,
    versions: [Arc<ClientConfig>; 2],
}

impl Both {
    async fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["gateway.test".to_owned()]).unwrap();
        let file = |what: &str, text: String| {
            let name = format!("wsfn-{}-{name}-{what}.pem", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let files: [PathBuf; 2] = [
            file("chain", made.cert.pem()),
            file("key", made.signing_key.serialize_pem()),
        ];
        let certificate = Certificate::from_settings(&Settings {
            tls_cert: Some(files[0].clone()),
            tls_key: Some(files[1].clone()),
            ..Settings::default()
        })
        .unwrap();
        files
            .iter()
            .for_each(|file| std::fs::remove_file(file).unwrap());
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let versions = [&rustls::version::TLS12, &rustls::version::TLS13].map(|version| {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let mut config = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(roots.clone())
                .with_no_client_auth();
            // So that messages of the handshake come in several records.
            config.max_fragment_size = Some(64);
            Arc::new(config)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            addr: listener.local_addr().unwrap(),
            listener: Listener::new(listener, certificate),
            config: versions[1].clone(),
            versions,
        }
    }

    async fn connected(&mut self) -> (TcpStream, Reader, Writer) {
        let (client, socket) = tokio::join!(TcpStream::connect(self.addr), self.listener.accept());
        let (reader, writer) = socket.unwrap().0.into_split();
        (client.unwrap(), reader, writer)
    }

    fn session(&self) -> ClientConnection {
        ClientConnection::new(self.config.clone(), "gateway.test".try_into().unwrap()).unwrap()
    }
}

/// What the client has to send.
fn to_send(session: &mut ClientConnection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut bytes).unwrap();
    }
    bytes
}

/// Changes, drops or repeats a part, or puts something else there.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let length = random.below(40).min(bytes.len() - at);
    match random.below(6) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..at + length)),
        3 => {
            let part = bytes[at..at + length].to_vec();
            bytes.splice(at..at, part);
        }
        4 => {
            let part: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
            bytes.splice(at..at, part);
        }
        // Nothing is wrong with it.
        _ => {}
    }
}

/// Sends in pieces.
async fn send(client: &mut TcpStream, bytes: &[u8], random: &mut Random) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = 1 + random.below(rest.len().min(200));
        if client.write_all(&rest[..length]).await.is_err() {
            return;
        }
        rest = &rest[length..];
        if random.below(3) == 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// One client, whose bytes are damaged from the flight `from` on.
async fn one(both: &mut Both, seed: u64) {
    let mut random = Random::new(seed);
    both.config = both.versions[random.below(2)].clone();
    let (mut client, mut reader, writer) = both.connected().await;
    let mut session = both.session();
    let from = random.below(5);
    let mut buffer = vec![0; 1 + random.below(3000)];
    let server = async {
        while let Ok(count) = reader.read(&mut buffer).await {
            if count == 0 {
                break;
            }
            // Nothing that was damaged is believed.
            assert!(buffer[..count].iter().all(|byte| *byte == 7), "seed {seed}");
            // Whoever pushes, writes meanwhile.
            let _ = writer.try_write(&buffer);
        }
    };
    let clients = async {
        let mut flight = 0;
        loop {
            if !session.is_handshaking() {
                session.writer().write_all(&[7; 300]).unwrap();
            }
            let mut bytes = to_send(&mut session);
            if flight >= from && !bytes.is_empty() {
                damage(&mut bytes, &mut random);
            }
            send(&mut client, &bytes, &mut random).await;
            flight += 1;
            if flight > from + 3 {
                break;
            }
            // What the server says; a damaged one may say nothing, and then the end is next.
            let mut answer = [0; 4096];
            let waits = if flight > from { 20 } else { 5000 };
            let read = tokio::time::timeout(Duration::from_millis(waits), client.read(&mut answer));
            match read.await {
                Ok(Ok(count)) if count > 0 => {
                    let mut answer = &answer[..count];
                    while !answer.is_empty() {
                        if session.read_tls(&mut answer).is_err() {
                            break;
                        }
                        if session.process_new_packets().is_err() {
                            return client;
                        }
                        let _ = session.reader().read(&mut [0; 8192]);
                    }
                }
                Ok(_) => return client,
                Err(_) => {}
            }
        }
        client
    };
    let ended = tokio::time::timeout(PATIENCE, async {
        tokio::join!(server, async {
            let _ = clients.await.shutdown().await;
        })
    });
    ended
        .await
        .unwrap_or_else(|_| panic!("seed {seed} waits for ever"));
}

/// 100,000 with `WSFN_TEST_SEEDS=100000`.
#[tokio::test]
async fn damaged_bytes_end_a_session_and_nothing_else() {
    let count = std::env::var("WSFN_TEST_SEEDS").map_or(100, |text| text.parse().unwrap());
    let mut both = Both::new("damaged").await;
    for seed in 0..count {
        one(&mut both, seed).await;
    }
}

/// Does the handshake with a client that reads no further.
async fn handshaken(both: &mut Both) -> (TcpStream, ClientConnection, Reader, Writer) {
    let (mut client, mut reader, writer) = both.connected().await;
    let mut session = both.session();
    let shake = async {
        while session.is_handshaking() {
            client.write_all(&to_send(&mut session)).await.unwrap();
            if session.wants_read() {
                receive(&mut client, &mut session).await;
            }
        }
        client.write_all(&to_send(&mut session)).await.unwrap();
    };
    let (shaken, ()) = tokio::join!(reader.handshake(), shake);
    shaken.unwrap();
    (client, session, reader, writer)
}

/// Reads once; how many bytes were decrypted, and `None` at the end.
async fn receive(client: &mut TcpStream, session: &mut ClientConnection) -> Option<usize> {
    let mut bytes = [0; 4096];
    let count = client.read(&mut bytes).await.unwrap();
    let mut rest = &bytes[..count];
    let (mut decrypted, mut plain) = (0, vec![0; 64 << 10]);
    while !rest.is_empty() {
        session.read_tls(&mut rest).unwrap();
        session.process_new_packets().unwrap();
        while let Ok(count @ 1..) = session.reader().read(&mut plain) {
            decrypted += count;
        }
    }
    (count > 0).then_some(decrypted)
}

/// A record that the session has made and the socket has not taken is lost when the connection ends there. Nobody may
/// have been told that it was written.
#[tokio::test]
async fn what_is_reported_as_written_reaches_the_client() {
    let mut both = Both::new("written").await;
    for version in 0..2 {
        for size in [333, 1_000, 16_000, 40_000] {
            both.config = both.versions[version].clone();
            let (mut client, mut session, reader, writer) = handshaken(&mut both).await;
            let piece = vec![7; size];
            let mut reported = 0;
            loop {
                match writer.try_write(&piece) {
                    Ok(count) => reported += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
            assert!(reported > 100_000, "{reported}");
            drop((reader, writer));
            let mut decrypted = 0;
            while let Some(count) = receive(&mut client, &mut session).await {
                decrypted += count;
            }
            assert!(decrypted >= reported, "{size}: {decrypted} of {reported}");
        }
    }
}
