//! The command `wsfn` with functions that it starts: how many there are, how they end, and that none outlives it.

use std::process::Command;

use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::Example;

use super::command::{number, the_lobby_is_as_ever, wsfn};
use super::gateway::{connect, text};

/// A gateway whose functions are commands.
pub(super) fn executing(arguments: &[&str]) -> Example {
    let pushes = Example::free_address();
    let mut command = wsfn(&["gateway", "--push-listen", &pushes]);
    command.args(arguments);
    Example::listening_command(command, &Example::free_address())
}

#[tokio::test]
async fn the_lobby_runs_as_a_process_that_it_starts() {
    let lobby = Example::program("lobby", "lobby");
    let lobby = lobby.to_str().expect("a path");
    let gateway = executing(&["--exec", lobby]);
    the_lobby_is_as_ever(gateway.address()).await;
}

#[tokio::test]
async fn none_of_its_processes_outlives_it() {
    let lobby = Example::program("lobby", "lobby");
    let lobby = lobby.to_str().expect("a path");
    let mut gateway = executing(&["--exec", lobby, "--exec-min", "3", "--log", "debug"]);
    let client = connect(gateway.address()).await;
    drop(client);
    let mut said = String::new();
    while said.matches("a process is ready").count() < 3 {
        said += &(gateway.output().join("\n") + "\n");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    gateway.terminate();
    let (status, lines) = gateway.ended();
    assert!(status.success(), "{lines:#?}");
    said += &lines.join("\n");
    for rest in said.split("a process is ready pid=").skip(1) {
        ends(rest).await;
    }
}

/// A close event that waits holds the functions, also when the gateway ends; and the shell that would see to their
/// processes then is gone.
#[tokio::test]
async fn none_of_its_processes_outlives_it_though_a_close_event_waits() {
    let lobby = Example::program("lobby", "lobby");
    let lobby = lobby.to_str().expect("a path");
    let nowhere = "http://127.0.0.1:9/";
    let gateway = [
        "--exec", lobby, "--close", nowhere, "--drain", "1s", "--log", "debug",
    ];
    let mut gateway = executing(&gateway);
    let client = connect(gateway.address()).await;
    let said = gateway.says("a process is ready").concat();
    drop(client);
    let _ = gateway.says("cannot be connected to");
    let started = std::fs::read_dir("/proc").expect("processes").flatten();
    let parent = format!(" {} ", gateway.id());
    let shell = started.map(|entry| entry.path()).find(|process| {
        // PID (name) state parent group
        let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
        let (name, rest) = stat.rsplit_once(") ").unwrap_or_default();
        name.ends_with("(sh") && rest.get(1..).is_some_and(|rest| rest.starts_with(&parent))
    });
    let shell = shell.expect("a shell that watches");
    let id = shell.file_name().expect("a number");
    let killed = Command::new("kill").arg("-KILL").arg(id).status();
    assert!(killed.expect("kill runs").success());
    gateway.terminate();
    let (status, lines) = gateway.ended();
    assert!(status.success(), "{lines:#?}");
    let pid = said.split("a process is ready pid=").nth(1);
    ends(pid.expect("its number")).await;
}

/// Waits until the process whose number this text begins with has ended, and perhaps not yet been asked after by whoever
/// inherited it.
async fn ends(text: &str) {
    let pid = text.split(|c: char| !c.is_ascii_digit()).next();
    let pid: u32 = pid.and_then(|pid| pid.parse().ok()).expect("a number");
    for tries in 0.. {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            break;
        }
        assert!(tries < 3000, "{stat}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Killed with SIGKILL, it can do nothing for them any more.
#[tokio::test]
async fn none_of_its_processes_outlives_a_gateway_that_is_killed() {
    // They are in the middle of nothing, or of an event; each has started another one.
    let rough = format!(
        "{} child ready loop next print=works sleep=3600000",
        env!("CARGO_BIN_EXE_rough")
    );
    let gateway = executing(&["--exec", &rough, "--exec-min", "3", "--log", "debug"]);
    let request = format!("ws://{}/", gateway.address());
    let client = tokio::spawn(tokio_tungstenite::connect_async(request));
    let mut said = String::new();
    while said.matches("a process is ready").count() < 3
        || said.matches("child ").count() < 3
        || !said.contains("works")
    {
        said += &(gateway.output().join("\n") + "\n");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    client.abort();
    drop(gateway);
    for word in ["a process is ready pid=", "child "] {
        for rest in said.split(word).skip(1) {
            ends(rest).await;
        }
    }
}

#[tokio::test]
async fn processes_that_crash_or_hang_are_replaced() {
    let misbehave = super::misbehave().to_str().expect("a path");
    let gateway = executing(&[
        "--exec",
        misbehave,
        // Long enough for a process to start, and for a panic to print where it came from.
        "--invoke-timeout",
        "15s",
        "--failed-message",
        "tell",
        "--exec-max",
        "2",
    ]);
    let mut client = connect(gateway.address()).await;
    for (message, told) in [
        ("hello", None),
        ("exit", Some("1004")),
        ("hello", None),
        // It awaits for ever: the runtime answers 1006 for it.
        ("hang", Some("1006")),
        ("hello", None),
        ("panic", Some("1005")),
        ("hello", None),
    ] {
        client.send(Message::text(message)).await.expect("sent");
        let answer = text(&mut client).await;
        match told {
            None => assert_eq!(answer, message),
            Some(code) => assert!(answer.contains(code), "{message}: {answer}"),
        }
    }
}

#[tokio::test]
async fn a_command_that_is_none_is_said_and_waited_for_no_longer_than_the_deadline() {
    let gateway = executing(&["--exec", "/no/such/program", "--invoke-timeout", "1s"]);
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address())).await;
    match refused {
        Err(Error::Http(response)) => assert_eq!(response.status(), 502),
        other => panic!("not refused: {other:?}"),
    }
    let _ = gateway.says("/no/such/program");
}

#[tokio::test]
async fn beyond_exec_max_events_wait() {
    let (admin, pushes) = (Example::free_address(), Example::free_address());
    let program = super::misbehave().to_str().expect("a path");
    let mut command = wsfn(&["gateway", "--push-listen", &pushes, "--exec", program]);
    command.args(["--admin-listen", &admin, "--exec-max", "1"]);
    command.env_remove("WSFN_ADMIN_LISTEN");
    let gateway = Example::listening_command(command, &Example::free_address());
    let mut first = connect(gateway.address()).await;
    let mut second = connect(gateway.address()).await;
    let before = number(&admin, r#"wsfn_limits_reached_total{setting="exec-max"}"#).await;
    first.send(Message::text("nap")).await.expect("sent");
    while number(&admin, r#"wsfn_exec_processes{state="busy"}"#).await == 0 {}
    second.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut second).await, "hello");
    assert_eq!(text(&mut first).await, "nap");
    let reached = number(&admin, r#"wsfn_limits_reached_total{setting="exec-max"}"#).await;
    assert!(reached > before, "{reached}");
    let starting = number(&admin, r#"wsfn_exec_processes{state="starting"}"#).await;
    assert_eq!(starting, 0, "there may be one");
}
