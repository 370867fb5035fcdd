//! Functions that were not written for us, as they are.

use std::process::Command;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use wsfn_tests::Example;

use super::command::wsfn;
use super::exec::executing;
use super::gateway::{Client, text};

fn is_there(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Connects, and offers two sub-protocols.
async fn connect(gateway: &Example) -> (Client, Option<String>) {
    let mut request = format!("ws://{}/", gateway.address())
        .into_client_request()
        .expect("a request");
    let offer = "chat,binary".parse().expect("a value");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offer);
    let (client, response) = tokio_tungstenite::connect_async(request)
        .await
        .expect("accepted");
    let chosen = response.headers().get("sec-websocket-protocol");
    (
        client,
        chosen.map(|value| value.to_str().expect("text").to_owned()),
    )
}

/// Register, transfer and cleanup of an example, each in a process of its own.
async fn samples_run(folder: &str, runner: &str) {
    let folder = format!("{}/../examples/{folder}", env!("CARGO_MANIFEST_DIR"));
    let command = |handler: &str| {
        format!(
            "exec:{} {handler}.main_handler",
            runner.replace("DIR", &folder)
        )
    };
    let (register, transfer, cleanup) =
        (command("register"), command("transfer"), command("cleanup"));
    let arguments = [
        "--connect",
        &register,
        "--message",
        &transfer,
        "--close",
        &cleanup,
    ];
    let gateway = executing(&arguments);
    // They answer with all that was offered, which counts as the first of it.
    let (mut client, protocol) = connect(&gateway).await;
    assert_eq!(protocol.as_deref(), Some("chat"));
    client
        .send(Message::text("h\u{e4}llo"))
        .await
        .expect("sent");
    assert_eq!(text(&mut client).await, "h\u{e4}llo");
    let bytes = Message::binary(vec![0, 255]);
    client.send(bytes.clone()).await.expect("sent");
    assert_eq!(client.next().await.expect("open").expect("a frame"), bytes);
    client.close(None).await.expect("closed");
    // What they print is in the gateway's log.
    let mut said = String::new();
    for _ in 0..600 {
        said += &gateway.output().concat();
        if said.contains("left: ") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for part in ["transfer: ", "dataType: text", "push: 200", "left: "] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn functions_in_python_run_unchanged() {
    if !is_there("python3") {
        return wsfn_tests::skip("functions_in_python_run_unchanged", "there is no python3");
    }
    samples_run("python", "python3 DIR/bootstrap.py").await;
}

#[tokio::test]
async fn functions_in_node_run_unchanged() {
    if !is_there("node") {
        return wsfn_tests::skip("functions_in_node_run_unchanged", "there is no node");
    }
    samples_run("node", "node DIR/bootstrap.js").await;
}

#[tokio::test]
async fn a_function_with_another_runtime_in_rust_runs_unchanged() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign/Cargo.toml");
    let Some(program) = Example::built(manifest, "wsfn-foreign", "wsfn-foreign") else {
        let test = "a_function_with_another_runtime_in_rust_runs_unchanged";
        return wsfn_tests::skip(test, "tests/foreign cannot be built");
    };
    let (pushes, program) = (Example::free_address(), program.display().to_string());
    let mut command = wsfn(&["gateway", "--push-listen", &pushes, "--exec", &program]);
    command
        .args(["--exec-env", "PUSH_URL", "--failed-message", "tell"])
        .env("PUSH_URL", format!("http://{pushes}/api-wsfn"));
    let gateway = Example::listening_command(command, &Example::free_address());
    let (mut client, protocol) = connect(&gateway).await;
    assert_eq!(protocol.as_deref(), Some("chat"));
    for line in ["hello", "h\u{e4}llo \"q\" \u{1F600}"] {
        client.send(Message::text(line)).await.expect("sent");
        assert_eq!(text(&mut client).await, line);
    }
    // Its runtime catches the panic and reports it; the process goes on.
    client.send(Message::text("panic")).await.expect("sent");
    let told = text(&mut client).await;
    assert!(told.contains("errNo"), "{told}");
    client.send(Message::text("again")).await.expect("sent");
    assert_eq!(text(&mut client).await, "again");
    client.close(None).await.expect("closed");
    let mut said = String::new();
    for _ in 0..600 {
        said += &gateway.output().concat();
        if said.contains("closing") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(said.contains(" of wsfn: "), "{said}");
    assert!(said.contains("closing"), "{said}");
}
