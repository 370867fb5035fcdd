//! SIGHUP, and what of the settings it changes.

use std::process::Command;

use wsfn_tests::Example;

use super::command::{ask, wsfn};

const OLD: &str = "the-token-of-yesterday-0123456789";
const NEW: &str = "the-token-of-today-0123456789abcd";

/// The status of a push with this token, which has no body.
async fn push(address: &str, token: &str) -> u16 {
    let request = format!("POST /api-wsfn/{token}\nhost: localhost\r\ncontent-length: 0");
    ask(address, &request).await.0
}

fn hang_up(gateway: &Example) {
    let id = gateway.id().to_string();
    let sent = Command::new("kill").args(["-HUP", &id]).status();
    assert!(sent.expect("kill runs").success());
}

#[tokio::test]
async fn a_hangup_takes_new_tokens_and_names_what_needs_a_restart() {
    let folder = std::env::temp_dir().join(format!("wsfn-reload-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let tokens = write("tokens", OLD);
    let config = |more: &str| {
        let text =
            format!("function = \"http://127.0.0.1:9/\"\npush-token-file = \"{tokens}\"\n{more}");
        write("wsfn.toml", &text)
    };
    let pushes = Example::free_address();
    let path = config("");
    let command = wsfn(&["gateway", "--push-listen", &pushes, "--config", &path]);
    let gateway = Example::listening_command(command, &Example::free_address());
    assert_eq!(
        (push(&pushes, OLD).await, push(&pushes, NEW).await),
        (400, 401)
    );

    // Both, while functions learn the new one.
    write("tokens", &format!("{NEW},{OLD}"));
    assert_eq!(push(&pushes, NEW).await, 401, "nobody asked for it");
    hang_up(&gateway);
    let _ = gateway.says("SIGHUP: push-token is read again");
    assert_eq!(
        (push(&pushes, OLD).await, push(&pushes, NEW).await),
        (400, 400)
    );
    write("tokens", NEW);
    config("drain = \"5s\"\n[[route]]\npath = \"/chat\"\n");
    hang_up(&gateway);
    let said = gateway.says("restart for them").concat();
    assert!(said.contains("push-token is read again"), "{said}");
    assert!(said.ends_with("restart for them: drain, route"), "{said}");
    assert_eq!(
        (push(&pushes, OLD).await, push(&pushes, NEW).await),
        (401, 400)
    );

    // What cannot be read changes nothing, and neither does a file that would open the endpoint.
    write("tokens", OLD);
    config("drain = \"soon\"\n");
    hang_up(&gateway);
    let said = gateway
        .says("the settings that were there before stay")
        .concat();
    assert!(said.contains("drain = `soon`"), "{said}");
    write("wsfn.toml", "function = \"http://127.0.0.1:9/\"\n");
    hang_up(&gateway);
    let said = gateway.says("restart for them").concat();
    assert!(said.ends_with("restart for them: push-token"), "{said}");
    assert_eq!(
        (push(&pushes, OLD).await, push(&pushes, NEW).await),
        (401, 400)
    );
    for line in gateway.output() {
        assert!(!line.contains(NEW) && !line.contains(OLD), "{line}");
    }
    let _ = std::fs::remove_dir_all(folder);
}
