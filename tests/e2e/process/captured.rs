//! What functions are sent, byte for byte, whichever way they are reached.

use std::time::Duration;

use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use wsfn_tests::{Example, PushAnswer, PushServer, ScfApi};

use super::command::wsfn;

/// Starts a gateway with a function there, and does what makes one event of each kind.
async fn provoke(function: &[&str]) -> Example {
    let mut command = wsfn(&["gateway", "--push-listen", "off"]);
    command
        .args([
            "--service-name",
            "testsvc",
            "--stage",
            "prod",
            "--forward-headers",
            "none",
        ])
        .args(function)
        .env("TENCENTCLOUD_SECRETID", "id")
        .env("TENCENTCLOUD_SECRETKEY", "key");
    let gateway = Example::listening_command(command, &Example::free_address());
    let mut request = format!("ws://{}/test/chat", gateway.address())
        .into_client_request()
        .expect("a request");
    let value = |text: &str| text.parse().expect("a value");
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", value("chat,binary"));
    headers.insert("sec-websocket-extensions", value("extension1,extension2"));
    let client = tokio_tungstenite::connect_async(request).await;
    let (mut client, _) = client.expect("accepted");
    client.send(Message::text("xxx")).await.expect("sent");
    client
        .send(Message::binary(vec![0, 1, 2, 255]))
        .await
        .expect("sent");
    let frame = CloseFrame {
        code: CloseCode::Away,
        reason: "going away".into(),
    };
    client.close(Some(frame)).await.expect("closed");
    gateway
}

/// Waits for all four.
async fn four(events: impl Fn() -> Vec<String>) -> Vec<String> {
    for _ in 0..3000 {
        if events().len() >= 4 {
            return events();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:#?}", events());
}

/// The samples, with the ids of this connection and what else differs here in place of theirs.
fn expected(connect: &str) -> [String; 4] {
    let between = |from: &str| {
        let (_, rest) = connect.split_once(from).expect("the field");
        rest.split('"').next().expect("its end").to_owned()
    };
    let (id, request_id) = (
        between(r#""secConnectionID":""#),
        between(r#""requestId":""#),
    );
    assert!(id.len() == 24 && request_id.len() > 8, "{connect}");
    let sample = |text: &str| text.trim().replace("xawexasdfewezdfsdfeasdfffa==", &id);
    let connect = sample(include_str!(
        "../../../runtime/protocol/samples/event/connect.json"
    ))
    .replace("c6af9ac6-7b61-11e6-9a41-93e8deadbeef", &request_id)
    .replace(r#"{"secretId":"abdcdxxxxxxxsdfs"}"#, "{}")
    .replace("/test/{testvar}", "/test/chat")
    .replace("10.0.2.14", "127.0.0.1");
    [
        connect,
        sample(include_str!(
            "../../../runtime/protocol/samples/event/message_text.json"
        )),
        sample(include_str!(
            "../../../runtime/protocol/samples/event/message_binary.json"
        )),
        sample(include_str!(
            "../../../runtime/protocol/samples/event/close_code.json"
        )),
    ]
}

#[tokio::test]
async fn a_command_gets_the_very_events() {
    let path = std::env::temp_dir().join(format!("wsfn-captured-{}", std::process::id()));
    let reply = r#"{"errNo":0,"errMsg":"ok","websocket":{"secWebSocketProtocol":"chat"}}"#;
    let program = env!("CARGO_BIN_EXE_rough");
    let command = format!(
        "env ROUGH_EVENTS={} {program} ready loop next 'respond={reply}'",
        path.display()
    );
    let _gateway = provoke(&["--exec", &command]).await;
    let read = || {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let events = four(read).await;
    assert_eq!(events, expected(&events[0]));
    std::fs::remove_file(&path).expect("removed");
}

#[tokio::test]
async fn a_function_behind_http_gets_the_very_events() {
    const REPLY: &str = r#"{"errNo":0,"errMsg":"ok","websocket":{"secWebSocketProtocol":"chat"}}"#;
    // It takes bodies and answers with 200, as a function does.
    let server = PushServer::start(PushAnswer::Http(200, REPLY)).await;
    let _gateway = provoke(&["--function", &server.url("/event-invoke")]).await;
    let events = four(|| server.bodies()).await;
    assert_eq!(events, expected(&events[0]));
}

#[tokio::test]
async fn a_function_in_scf_gets_the_very_events() {
    const REPLY: &str = r#"{"errNo":0,"errMsg":"ok","websocket":{"secWebSocketProtocol":"chat"}}"#;
    let api = ScfApi::answering(REPLY).await;
    let endpoint = format!("http://{}", api.address());
    let _gateway = provoke(&[
        "--scf",
        "ap-guangzhou/default/chat",
        "--scf-endpoint",
        &endpoint,
    ])
    .await;
    let events = four(|| api.events()).await;
    assert_eq!(events, expected(&events[0]));
}
