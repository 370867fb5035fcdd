//! The README's recipe for SCF: a static `bootstrap` in a zip, unpacked elsewhere, run under the runtime API.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use wsfn_tests::{RuntimeApi, Said, skip};

use super::{built, folder, recipe, run, shell};

#[tokio::test(flavor = "multi_thread")]
async fn the_zip_runs_under_the_runtime_api() {
    const NAME: &str = "the_zip_runs_under_the_runtime_api";
    for tool in ["zip", "unzip"] {
        if Command::new(tool)
            .arg("-h")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_err()
        {
            return skip(NAME, &format!("`{tool}` is not installed"));
        }
    }
    let built = match built() {
        Ok(built) => built,
        Err(missing) => return skip(NAME, &missing),
    };
    let unpacked = folder("unpacked");
    let _ = std::fs::remove_file(built.join("chat.zip"));
    std::fs::remove_dir_all(&unpacked).expect("emptied");
    let [_, pack] = recipe();
    run(shell(&pack).current_dir(&built));
    run(Command::new("unzip")
        .args(["-q", "chat.zip", "-d"])
        .arg(&unpacked)
        .current_dir(&built));

    let api = RuntimeApi::start().await;
    let mut child = Command::new(unpacked.join("bootstrap"))
        .env_clear()
        .envs(api.environment("index.main_handler"))
        .env("WSFN_PUSH_URL", "http://127.0.0.1:9/api-wsfn")
        .spawn()
        .expect("the bootstrap starts without any library");
    let connect = r#"{"requestContext":{},"websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketProtocol":"chat.v1"}}"#;
    let Said::Response(reply) = api.invoke(connect).await else {
        panic!("an error")
    };
    let reply: Value = serde_json::from_str(&reply).expect(&reply);
    assert_eq!(reply["errNo"], 0, "{reply}");
    assert_eq!(
        reply["websocket"]["secWebSocketProtocol"], "chat.v1",
        "{reply}"
    );
    assert_eq!(api.violations(), [] as [String; 0]);
    assert!(child.try_wait().expect("its status").is_none(), "it ended");
    run(Command::new("kill").args(["-TERM", &child.id().to_string()]));
    for _ in 0..1200 {
        if let Some(status) = child.try_wait().expect("its status") {
            assert!(
                status.success(),
                "SIGTERM between events ended it with {status}"
            );
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let _ = child.kill();
    panic!("SIGTERM between events did not end it");
}
