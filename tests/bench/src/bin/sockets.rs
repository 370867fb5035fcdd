//! Two measurements of a gateway's process from outside: CPU per echo and private memory per idle connection. Each
//! server is a program that listens on the address in `WSFN_LISTEN` and prints it.
//!
//! `sockets echo SERVER…` sends texts of 64 bytes over 100 connections, servers in turn, and prints the ratio to the
//! first. `sockets idle N SERVER…` opens N connections with compression negotiated and does nothing more.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wsfn_bench::{private_memory_of, scheduled_time_of};

const CLIENTS: usize = 100;
/// Servers take turns, so that whatever else the machine does meets all of them; the median counts.
const ROUNDS: usize = 15;
/// Echoes in one round over all clients.
const ECHOES: usize = 20_000;
const PAYLOAD: usize = 64;

struct Server {
    name: String,
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(program: &str) -> Self {
        // A port that was free a moment ago.
        let address = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .to_string();
        let child = Command::new(program)
            .env("WSFN_LISTEN", &address)
            .env("WSFN_COMPRESS_ABOVE", "1024")
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        Self {
            name,
            child,
            address,
        }
    }

    async fn connect(&self) -> TcpStream {
        for _ in 0..200 {
            if let Ok(mut stream) = TcpStream::connect(&self.address).await {
                stream.set_nodelay(true).expect("nodelay");
                let request = format!(
                    "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                     Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
                    self.address
                );
                stream
                    .write_all(request.as_bytes())
                    .await
                    .expect("the request is taken");
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.expect("an answer"));
                }
                let head = String::from_utf8_lossy(&head);
                assert!(head.starts_with("HTTP/1.1 101"), "{}: {head}", self.name);
                assert!(head.contains("permessage-deflate"), "{}: {head}", self.name);
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} does not listen on {}", self.name, self.address);
    }
}

/// A masked text frame; the key is zero, which costs the server what any other does.
fn frame() -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | PAYLOAD as u8, 0, 0, 0, 0];
    frame.resize(6 + PAYLOAD, b'x');
    frame
}

async fn echo(server: &Server, clients: &mut Vec<TcpStream>) -> f64 {
    let before = scheduled_time_of(server.child.id());
    let each = ECHOES / clients.len();
    let tasks: Vec<_> = clients
        .drain(..)
        .map(|mut stream| {
            tokio::spawn(async move {
                let (frame, mut answer) = (frame(), [0; PAYLOAD + 2]);
                for _ in 0..each {
                    stream.write_all(&frame).await.expect("the frame is taken");
                    stream.read_exact(&mut answer).await.expect("an echo");
                }
                assert_eq!(answer[..3], [0x81, PAYLOAD as u8, b'x']);
                stream
            })
        })
        .collect();
    for task in tasks {
        clients.push(task.await.expect("a client"));
    }
    (scheduled_time_of(server.child.id()) - before).as_nanos() as f64 / 1000.0 / ECHOES as f64
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["echo", ref programs @ ..] if !programs.is_empty() => {
            let mut servers = Vec::new();
            for program in programs {
                let server = Server::start(program);
                let mut clients = Vec::new();
                for _ in 0..CLIENTS {
                    clients.push(server.connect().await);
                }
                servers.push((server, clients, Vec::new()));
            }
            for _ in 0..ROUNDS {
                for (server, clients, figures) in &mut servers {
                    figures.push(echo(server, clients).await);
                }
            }
            println!("{:<16} {:>14} {:>8}", "server", "CPU µs an echo", "ratio");
            let mut floor = None;
            for (server, _, mut figures) in servers {
                figures.sort_by(f64::total_cmp);
                let median = figures[ROUNDS / 2];
                println!(
                    "{:<16} {median:>14.2} {:>8.2}",
                    server.name,
                    median / *floor.get_or_insert(median)
                );
            }
        }
        ["idle", number, ref programs @ ..] if !programs.is_empty() => {
            let number: usize = number.parse().expect("a number of connections");
            println!(
                "{:<16} {:>12} {:>22}",
                "server", "connections", "private bytes for each"
            );
            for program in programs {
                let server = Server::start(program);
                // What the first connections make once is not the price of a connection.
                let mut clients = Vec::new();
                for _ in 0..CLIENTS {
                    clients.push(server.connect().await);
                }
                echo(&server, &mut clients).await;
                let before = private_memory_of(server.child.id());
                for _ in 0..number {
                    clients.push(server.connect().await);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
                let bytes =
                    private_memory_of(server.child.id()).saturating_sub(before) / number as u64;
                println!("{:<16} {number:>12} {bytes:>22}", server.name);
            }
        }
        _ => {
            eprintln!("usage: sockets echo SERVER…  |  sockets idle N SERVER…");
            std::process::exit(2);
        }
    }
}
