//! Measurements of a gateway's process from outside: CPU per echo, private memory per idle connection, and what a connect
//! takes. Each server is a program that listens on the address in `WSFN_LISTEN` and prints it.
//!
//! `sockets echo SERVER…` sends texts of 64 bytes over 100 connections, servers in turn, and prints the ratio to the
//! first. `sockets idle N SERVER…` opens N connections with compression negotiated and does nothing more. `sockets
//! connects RATE SERVER` opens that many connections a second, and closes them, with a journal and without in turn.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wsfn_bench::{private_memory_of, scheduled_time_of};

const CLIENTS: usize = 100;
/// Servers take turns, so that whatever else the machine does meets all of them; the median counts.
const ROUNDS: usize = 15;
/// Echoes in one round over all clients.
const ECHOES: usize = 20_000;
const PAYLOAD: usize = 64;
/// Rounds of connects: each takes some two seconds for each server.
const CONNECT_ROUNDS: usize = 10;

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
        Self::with_data(program, "none")
    }

    /// One whose journal is in this directory.
    fn with_data(program: &str, data: &str) -> Self {
        // A port that was free a moment ago.
        let address = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .to_string();
        let child = Command::new(program)
            .env("WSFN_LISTEN", &address)
            .env("WSFN_COMPRESS_ABOVE", "1024")
            .env("WSFN_DATA", data)
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

/// What the connects of one round took: CPU of the server for each, its close included, and how long each client waited
/// for its 101, in microseconds.
async fn connects(server: &Arc<Server>, rate: u32) -> (f64, Vec<f64>) {
    let before = scheduled_time_of(server.child.id());
    let (began, step) = (Instant::now(), Duration::from_secs(1) / rate);
    let mut tasks = Vec::new();
    for number in 0..rate {
        tokio::time::sleep_until((began + step * number).into()).await;
        let server = Arc::clone(server);
        tasks.push(tokio::spawn(async move {
            let began = Instant::now();
            let stream = server.connect().await;
            let took = began.elapsed().as_nanos() as f64 / 1000.0;
            // An open one for each that comes, as in a service where clients stay.
            tokio::time::sleep(Duration::from_millis(500)).await;
            drop(stream);
            took
        }));
    }
    let mut waits = Vec::new();
    for task in tasks {
        waits.push(task.await.expect("a client"));
    }
    // Their close events, and their removal from the journal.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let took = scheduled_time_of(server.child.id()) - before;
    (took.as_nanos() as f64 / 1000.0 / f64::from(rate), waits)
}

async fn compare_connects(program: &str, rate: u32) {
    let folder = std::env::temp_dir().join(format!("wsfn-bench-{}", std::process::id()));
    let data = folder.to_string_lossy();
    let mut servers = [("none", "without"), (&*data, "with")].map(|(data, name)| {
        let server = Arc::new(Server::with_data(program, data));
        (server, name, Vec::new(), Vec::new())
    });
    // Turns, as for echoes; the first is for warming up.
    for round in 0..=CONNECT_ROUNDS {
        for (server, _, cpu, waits) in &mut servers {
            let (took, mut waited) = connects(server, rate).await;
            if round > 0 {
                cpu.push(took);
                waits.append(&mut waited);
            }
        }
    }
    println!(
        "{:<10} {:>16} {:>6} {:>10} {:>6} {:>10} {:>6}",
        "journal", "CPU µs a connect", "ratio", "p50 µs", "ratio", "p99 µs", "ratio"
    );
    let mut floor = None;
    for (_, name, mut cpu, mut waits) in servers {
        cpu.sort_by(f64::total_cmp);
        waits.sort_by(f64::total_cmp);
        let at = |share: f64| waits[(waits.len() as f64 * share) as usize];
        let figures = [cpu[cpu.len() / 2], at(0.5), at(0.99)];
        let floor = *floor.get_or_insert(figures);
        let ratio = |at: usize| figures[at] / floor[at];
        println!(
            "{name:<10} {:>16.1} {:>6.2} {:>10.0} {:>6.2} {:>10.0} {:>6.2}",
            figures[0],
            ratio(0),
            figures[1],
            ratio(1),
            figures[2],
            ratio(2)
        );
    }
    let _ = std::fs::remove_dir_all(folder);
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
        ["connects", rate, program] => {
            compare_connects(program, rate.parse().expect("connects a second")).await;
        }
        _ => {
            eprintln!(
                "usage: sockets echo SERVER…  |  sockets idle N SERVER…  |  sockets connects RATE SERVER"
            );
            std::process::exit(2);
        }
    }
}
