//! The sample functions as processes under SCF's runtime API.

use std::process::{Child, Command, Stdio};

use wsfn_tests::{Example, PushAnswer, PushServer, RuntimeApi, Said};

/// A function that runs until it goes out of scope.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(binary: &str, api: &RuntimeApi, environment: &[(&str, &str)]) -> Function {
    let mut command = Command::new(Example::program("seed", binary));
    for name in ["SEED_FORWARD_TO", "SEED_CLOSE", "WSFN_PUSH_URL"] {
        command.env_remove(name);
    }
    let child = command
        .envs(api.environment(&format!("{binary}.main_handler")))
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    Function(child.expect("it starts"))
}

/// What is answered, with fields that no type knows.
const MESSAGE: &str = r#"{"more":[1, 2],"websocket":{"action":"data send","secConnectionID":"sender==","dataType":"text","data":"say \"hi\"","extra":"x"}}"#;

#[tokio::test]
async fn register_echoes_the_offer() {
    let api = RuntimeApi::start().await;
    let _register = start("register", &api, &[]);
    let event = r#"{"requestContext":{"serviceName":"testsvc","path":"/test/{testvar}","httpMethod":"GET","requestId":"c6af9ac6-7b61-11e6-9a41-93e8deadbeef","identity":{"secretId":"abdcdxxxxxxxsdfs"},"sourceIp":"10.0.2.14","stage":"prod","websocketEnable":true},"websocket":{"action":"connecting","secConnectionID":"xawexasdfewezdfsdfeasdfffa==","secWebSocketProtocol":"chat,binary","secWebSocketExtensions":"extension1,extension2"}}"#;
    let answer = r#"{"errNo":0,"errMsg":"ok","websocket":{"action":"connecting","secConnectionID":"xawexasdfewezdfsdfeasdfffa==","secWebSocketProtocol":"chat,binary","secWebSocketExtensions":""}}"#;
    assert_eq!(api.invoke(event).await, Said::Response(answer.to_owned()));
    let missing = r#"{"errNo":101,"errMsg":"not found request context"}"#;
    assert_eq!(api.invoke("{}").await, Said::Response(missing.to_owned()));
    let missing = r#"{"errNo":102,"errMsg":"not found websocket"}"#;
    assert_eq!(
        api.invoke(r#"{"requestContext":{}}"#).await,
        Said::Response(missing.to_owned())
    );
    assert_eq!(api.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn transfer_forwards_json_and_answers_with_the_event() {
    let gateway = PushServer::start(PushAnswer::ok()).await;
    let url = gateway.url("/api-abc");
    let push = |to: &str| {
        format!(
            r#"{{"websocket":{{"action":"data send","secConnectionID":"{to}","dataType":"text","data":"\"say \\\"hi\\\"\""}}}}"#
        )
    };

    let api = RuntimeApi::start().await;
    let _transfer = start("transfer", &api, &[("WSFN_PUSH_URL", &url)]);
    assert_eq!(
        api.invoke(MESSAGE).await,
        Said::Response(MESSAGE.to_owned())
    );
    assert_eq!(gateway.bodies(), [push("sender==")]);
    let missing = r#"{"errNo":102,"errMsg":"not found web socket"}"#;
    assert_eq!(api.invoke("{}").await, Said::Response(missing.to_owned()));
    // What becomes of the push is not looked at; a binary message travels as it stands in the event.
    gateway.answer([PushAnswer::Http(410, "")]);
    let binary = MESSAGE
        .replace("text", "binary")
        .replace(r#"say \"hi\""#, "AQI=");
    assert_eq!(api.invoke(&binary).await, Said::Response(binary));
    assert!(gateway.bodies()[1].contains(r#""dataType":"text","data":"\"AQI=\"""#));

    let api = RuntimeApi::start().await;
    let environment = [("WSFN_PUSH_URL", &*url), ("SEED_FORWARD_TO", "other+/=")];
    let _transfer = start("transfer", &api, &environment);
    assert_eq!(
        api.invoke(MESSAGE).await,
        Said::Response(MESSAGE.to_owned())
    );
    assert_eq!(gateway.bodies()[2..], [push("other+/=")]);
}

#[tokio::test]
async fn cleanup_answers_with_the_event_and_forces_offline() {
    let event = r#"{"websocket":{"action":"closing","secConnectionID":"gone==","code":"1001","extra":"x"},"more":null}"#;
    let api = RuntimeApi::start().await;
    let _cleanup = start("cleanup", &api, &[]);
    assert_eq!(api.invoke(event).await, Said::Response(event.to_owned()));
    let missing = r#"{"errNo":102,"errMsg":"not found web socket"}"#;
    assert_eq!(api.invoke("{}").await, Said::Response(missing.to_owned()));

    let gateway = PushServer::start(PushAnswer::ok()).await;
    let url = gateway.url("/api-abc");
    let api = RuntimeApi::start().await;
    let environment = [("WSFN_PUSH_URL", &*url), ("SEED_CLOSE", "victim==")];
    let _cleanup = start("cleanup", &api, &environment);
    assert_eq!(api.invoke(event).await, Said::Response(event.to_owned()));
    assert_eq!(
        gateway.bodies(),
        [r#"{"websocket":{"action":"closing","secConnectionID":"victim=="}}"#]
    );
}
