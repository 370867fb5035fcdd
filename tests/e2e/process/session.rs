//! The value that is kept with a connection, where functions are other processes.

use std::path::Path;

use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::command::wsfn;
use super::event_invoke::ask;
use super::gateway::{Client, connect, text};
use super::message;

/// Keeps a session with each connection.
fn keeper() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_keeper"))
}

async fn says(client: &mut Client, line: &str) -> String {
    client.send(Message::text(line)).await.expect("sent");
    text(client).await
}

/// What clients see, wherever the function is.
async fn is_kept(gateway: &Example) {
    let mut ann = connect(gateway.address()).await;
    let mut bob = connect(gateway.address()).await;
    let zoe = "Zoë \"Z\" \u{1f600}";
    for (line, answer) in [
        ("get", "nobody v0".to_owned()),
        (&format!("be {zoe}"), format!("{zoe} 0 v1")),
        ("count", format!("{zoe} 1 v2")),
        ("get", format!("{zoe} 1 v2")),
        ("win second", "second 10 2".to_owned()),
        // Beyond what goes into a header.
        (
            &format!("be {}", "ë".repeat(1500)),
            format!("{} 0 v5", "ë".repeat(1500)),
        ),
        ("count", format!("{} 1 v6", "ë".repeat(1500))),
        ("clear", "nobody v7".to_owned()),
        ("be ann", "ann 0 v8".to_owned()),
    ] {
        assert_eq!(says(&mut ann, line).await, answer, "{line}");
    }
    assert!(says(&mut ann, "lose x").await.starts_with("true "));
    assert_eq!(says(&mut bob, "get").await, "nobody v0");
    ann.close(None).await.expect("closed");
    assert_eq!(text(&mut bob).await, "left: x 0 v9, true");
}

#[tokio::test]
async fn it_travels_signed_to_a_function_behind_http() {
    let secret = ("WSFN_SECRET", "a secret of gateway and function");
    let pushes = Example::free_address();
    let push_url = format!("http://{pushes}/api-wsfn");
    let environment = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", &*push_url),
        secret,
    ];
    let function = Example::listening(keeper(), &Example::free_address(), &environment);
    let url = format!("http://{}/event-invoke", function.address());
    let mut command = wsfn(&["gateway", "--push-listen", &pushes, "--function", &url]);
    command.env(secret.0, secret.1);
    let gateway = Example::listening_command(command, &Example::free_address());
    is_kept(&gateway).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_travels_to_a_process_that_the_gateway_starts() {
    let pushes = Example::free_address();
    let function = format!(
        "env WSFN_PUSH_URL=http://{pushes}/api-wsfn {}",
        keeper().display()
    );
    let command = wsfn(&["gateway", "--push-listen", &pushes, "--exec", &function]);
    let gateway = Example::listening_command(command, &Example::free_address());
    is_kept(&gateway).await;
}

#[tokio::test]
async fn a_push_that_finds_nobody_ends_the_waiting() {
    let gone = PushAnswer::Http(410, r#"{"errNo":1101,"errMsg":"no such connection"}"#);
    let server = PushServer::start(gone).await;
    let environment = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", &*server.url("/api-wsfn")),
    ];
    let function = Example::listening(keeper(), &Example::free_address(), &environment);
    let headers = "Wsfn-Gateway: 1\r\nWsfn-Session: 0\r\n";
    let reply = ask(function.address(), headers, &message("wait")).await;
    assert!(reply.contains(r#""data":"gone""#), "{reply}");
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn it_is_asked_for_only_where_it_did_not_travel() {
    const ASKED: &str = r#"{"errNo":0,"errMsg":"ok","value":{"name":"eve","lines":2},"version":7}"#;
    let server = PushServer::start(PushAnswer::Http(200, ASKED)).await;
    let environment = [
        ("WSFN_MODE", "event-invoke"),
        ("WSFN_PUSH_URL", &*server.url("/api-wsfn")),
    ];
    let function = Example::listening(keeper(), &Example::free_address(), &environment);
    for (header, answer, requests) in [
        ("Wsfn-Session: 0\r\n", "nobody v0", 0),
        (
            "Wsfn-Session: 3 {\"name\":\"ann\", \"lines\":1}\r\n",
            "ann 1 v3",
            0,
        ),
        // No gateway of ours, one whose session is too large for a header, and nonsense.
        ("", "eve 2 v7", 1),
        ("Wsfn-Session: 7\r\n", "eve 2 v7", 2),
        ("Wsfn-Session: 7 {\"name\":\r\n", "eve 2 v7", 3),
    ] {
        let headers = format!("Wsfn-Gateway: 1\r\n{header}");
        let reply = ask(function.address(), &headers, &message("get")).await;
        assert!(reply.contains(answer), "{header}: {reply}");
        assert_eq!(server.bodies().len(), requests, "{header}");
    }
}
