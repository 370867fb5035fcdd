//! An event function behind a function URL, and our gateway in front of it.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::{Example, FunctionUrl};

use super::gateway::{connect, text};

const SECRET: (&str, &str) = ("WSFN_SECRET", "a secret of both sides");

/// The mock. The programs are built before it listens, since it answers nobody meanwhile.
async fn function_url() -> FunctionUrl {
    let _ = Example::program("echo", "echo");
    super::command::wsfn(&[]);
    FunctionUrl::start().await
}

/// The echo as a function in a zip, without an address to push to.
fn echo(url: &FunctionUrl, environment: &[(&str, &str)]) -> Example {
    let given = url.api().environment("echo.main_handler");
    let mut all: Vec<(&str, &str)> = given.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.extend(environment);
    Example::spawn(&Example::program("echo", "echo"), "127.0.0.1:0", &all)
}

fn gateway(url: &FunctionUrl, path: &str, environment: &[(&str, &str)]) -> Example {
    let url = format!("http://{}{path}", url.address());
    let mut command =
        super::command::wsfn(&["gateway", "--push-listen", "off", "--function", &url]);
    command.envs(environment.iter().copied());
    Example::listening_command(command, &Example::free_address())
}

#[tokio::test]
async fn a_function_answers_through_its_url() {
    // Signed or not; an answer inside the reply comes through either way.
    for environment in [&[][..], &[SECRET][..]] {
        let url = function_url().await;
        let _echo = echo(&url, environment);
        let gateway = gateway(&url, "/", environment);
        let mut client = connect(gateway.address()).await;
        client
            .send(Message::text("h\u{e4}llo \"q\""))
            .await
            .expect("sent");
        assert_eq!(text(&mut client).await, "h\u{e4}llo \"q\"");
        let bytes = Message::binary(vec![0, 255]);
        client.send(bytes.clone()).await.expect("sent");
        assert_eq!(client.next().await.expect("open").expect("a frame"), bytes);
    }
}

#[tokio::test]
async fn a_sender_that_does_not_know_the_secret_is_refused() {
    let url = function_url().await;
    let echo = echo(&url, &[SECRET]);
    let other = ("WSFN_SECRET", "another secret than theirs");
    for (path, environment, why) in [
        ("/", &[][..], "is not signed"),
        ("/", &[other][..], "a secret that is not known here"),
        ("/?a=1", &[SECRET][..], "has a query"),
    ] {
        let gateway = gateway(&url, path, environment);
        match tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address())).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 502),
            other => panic!("not refused: {other:?}"),
        }
        let _ = echo.says(why);
    }
    // What the platform itself lets through needs no signature: it has none to give.
    let event = super::message("hello");
    let said = url.api().invoke(&event).await;
    assert!(format!("{said:?}").contains("errNo"), "{said:?}");
}
