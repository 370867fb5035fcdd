//! Thousands of connections that send what no listener wants.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::Example;

use super::gateway::connect;

/// Connections to each listener.
const CONNECTIONS: u64 = 2_000;

/// Whoever waits for an answer to garbage waits no longer than this.
const PATIENCE: Duration = Duration::from_millis(20);

/// The next number of a generator that a seed starts (xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Something that is no request, or half of one.
fn garbage(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let whole: &[u8] = match next(&mut state) % 7 {
        // The beginning of a TLS ClientHello.
        0 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0",
        2 => b"*1\r\n$4\r\nPING\r\n",
        3 => &[0; 64 * 1024],
        4 => b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
               Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        5 => b"POST /api-wsfn HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n{\"websocket\":{\"action\":",
        _ => {
            let length = next(&mut state) as usize % 3_000;
            return (0..length).map(|_| next(&mut state) as u8).collect();
        }
    };
    // The whole of it, or what came before the line broke.
    let length = match next(&mut state) % 3 {
        0 => whole.len(),
        _ => next(&mut state) as usize % (whole.len() + 1),
    };
    whole[..length].to_vec()
}

/// How many files a process has open.
fn files(id: u32) -> usize {
    std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
}

fn throw(address: &str, seed: u64) {
    let mut stream = TcpStream::connect(address).expect("it accepts");
    // It may have had enough before all is sent.
    let _ = stream.write_all(&garbage(seed));
    match seed % 3 {
        0 => {}
        1 => {
            let _ = stream.shutdown(Shutdown::Write);
        }
        _ => {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let _ = stream.read(&mut [0; 1024]);
        }
    }
}

#[tokio::test]
async fn garbage_on_every_listener_is_survived() {
    let (pushes, admin) = (Example::free_address(), Example::free_address());
    let echo = Example::program("echo", "echo");
    let mut command = Command::new(Example::program("wsfn-cli", "wsfn"));
    command
        .arg("gateway")
        .arg("--exec")
        .arg(&echo)
        // One process: each has files of its own.
        .args([
            "--exec-max",
            "1",
            "--push-listen",
            &pushes,
            "--admin-listen",
            &admin,
        ])
        .args([
            "--handshake-timeout",
            "1s",
            "--message-timeout",
            "1s",
            "--data",
            "none",
        ])
        .env("WSFN_LOG", "warn")
        .current_dir(std::env::temp_dir());
    let gateway = Example::listening_command(command, &Example::free_address());
    let function = Example::start_with(
        "echo",
        "echo",
        &Example::free_address(),
        &[("WSFN_MODE", "event-invoke"), ("WSFN_LOG", "off")],
    );
    // The process of the command is ready.
    let mut client = connect(gateway.address()).await;
    client.send(Message::text("before")).await.expect("sent");
    client.next().await.expect("open").expect("a frame");
    let before = [files(gateway.id()), files(function.id())];
    let listeners = [gateway.address(), &pushes, &admin, function.address()];
    std::thread::scope(|scope| {
        for address in listeners {
            scope.spawn(move || (0..CONNECTIONS).for_each(|seed| throw(address, seed)));
        }
    });
    client.send(Message::text("after")).await.expect("sent");
    let back = client.next().await.expect("open").expect("a frame");
    assert_eq!(back, Message::text("after"));
    // Files are back once the timeouts of what was begun have passed.
    let mut now = [usize::MAX; 2];
    for _ in 0..150 {
        now = [files(gateway.id()), files(function.id())];
        // The runtime of the function opens a file or two at its first request.
        if now[0] <= before[0] + 2 && now[1] <= before[1] + 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("files before {before:?}, and after {now:?}");
}
