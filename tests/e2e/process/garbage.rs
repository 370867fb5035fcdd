//! Thousands of connections that send what no listener wants.

use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::{Example, throw};

use super::gateway::{Client, connect, text};
use super::push_tls::{authority, trusted};
use super::tls::{self, Pair};

/// Connections to each listener.
const CONNECTIONS: u64 = 2_000;

/// Whose connection it is, the gateway finds out for each: on a loaded machine that takes its time.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(600);

/// Connections to the runtime API from another process: they are hung up on before anything is read.
#[cfg(target_os = "linux")]
const STRANGERS: u64 = 100;

/// How many files a process has open.
fn files(id: u32) -> usize {
    std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
}

/// Files are back once the timeouts of what was begun have passed.
async fn are_back(processes: &[(u32, usize)]) {
    let mut now = Vec::new();
    for _ in 0..1200 {
        now = processes.iter().map(|(id, _)| files(*id)).collect();
        // The runtime of a function opens a file or two at its first request.
        if processes
            .iter()
            .zip(&now)
            .all(|((_, before), now)| *now <= before + 2)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("files of processes before: {processes:?}, and after: {now:?}");
}

fn throw_at(listeners: &[impl AsRef<str>], connections: u64) {
    std::thread::scope(|scope| {
        for address in listeners {
            let address = address.as_ref();
            scope.spawn(move || (0..connections).for_each(|seed| throw(address, seed)));
        }
    });
}

/// The same, while a client hears nothing but pings, which it answers.
async fn throw_beside<S>(client: &mut WebSocketStream<S>, listeners: &[&str], connections: u64)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let listeners: Vec<String> = listeners.iter().map(|&address| address.into()).collect();
    let mut throwing = tokio::task::spawn_blocking(move || throw_at(&listeners, connections));
    loop {
        tokio::select! {
            done = &mut throwing => return done.expect("everybody accepts"),
            heard = client.next() => {
                assert!(matches!(heard, Some(Ok(Message::Ping(_)))), "{heard:?}");
            }
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
    let before = [gateway.id(), function.id()].map(|id| (id, files(id)));
    let listeners = [gateway.address(), &pushes, &admin, function.address()];
    throw_beside(&mut client, &listeners, CONNECTIONS).await;
    client.send(Message::text("after")).await.expect("sent");
    assert_eq!(text(&mut client).await, "after");
    are_back(&before).await;
}

#[tokio::test]
async fn garbage_on_a_tls_listener_is_survived() {
    let ours = authority("garbage");
    let (roots, pair) = (trusted("garbage", &ours), Pair::new("garbage", &ours));
    let program = super::misbehave().to_str().expect("a path");
    let pushes = Example::free_address();
    let arguments = [
        "--exec",
        program,
        "--exec-max",
        "1",
        "--push-listen",
        &pushes,
        "--handshake-timeout",
        "1s",
        "--log",
        "warn",
    ];
    let gateway = tls::gateway(&arguments, &pair, &roots);
    let mut client = tls::connect(gateway.address(), &ours)
        .await
        .expect("accepted");
    client.send(Message::text("before")).await.expect("sent");
    assert_eq!(tls::text(&mut client).await, "before");
    let before = [(gateway.id(), files(gateway.id()))];
    throw_beside(&mut client, &[gateway.address()], CONNECTIONS).await;
    client.send(Message::text("after")).await.expect("sent");
    assert_eq!(tls::text(&mut client).await, "after");
    let another = tls::connect(gateway.address(), &ours).await;
    drop(another.expect("accepted"));
    are_back(&before).await;
}

#[cfg(target_os = "linux")]
async fn hears_back(client: &mut Client) {
    let text = async {
        // It is pinged meanwhile.
        loop {
            if let Message::Text(text) = client.next().await.expect("open").expect("a frame") {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(PATIENCE, text).await;
    assert_eq!(text.expect("an answer"), "back");
}

/// The listener on which a command asks for its events: of its own processes garbage is read, of others nothing.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn garbage_on_the_runtime_api_of_a_command_is_survived() {
    const REPLY: &str = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"back"}}]}}"#;
    let storm = format!("throw={CONNECTIONS}");
    let command = format!(
        "{} env=SCF_RUNTIME_API_PORT ready loop next if=storm {storm} fi 'respond={REPLY}'",
        env!("CARGO_BIN_EXE_rough")
    );
    // Its own process takes its time.
    let arguments = ["gateway", "--exec", &command, "--exec-max", "1"];
    let mut started = super::command::wsfn(&arguments);
    started.args(["--push-listen", "off", "--invoke-timeout", "20m"]);
    let gateway = Example::listening_command(started, &Example::free_address());
    let printed = gateway.says("SCF_RUNTIME_API_PORT: ").pop();
    let (_, port) = printed
        .as_deref()
        .and_then(|line| line.split_once("SCF_RUNTIME_API_PORT: "))
        .expect("it prints its port");
    let digits = port.find(|other: char| !other.is_ascii_digit());
    let api = format!("127.0.0.1:{}", &port[..digits.unwrap_or(port.len())]);
    let mut client = connect(gateway.address()).await;
    hears_back(&mut client).await;
    let before = [(gateway.id(), files(gateway.id()))];
    client.send(Message::text("storm")).await.expect("sent");
    throw_at(&[&api], STRANGERS);
    // Its answer comes when it has thrown all.
    hears_back(&mut client).await;
    client.send(Message::text("after")).await.expect("sent");
    hears_back(&mut client).await;
    are_back(&before).await;
}
