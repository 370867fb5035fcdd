//! The examples, as `cargo run` starts them, with a WebSocket client that somebody else wrote.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::Example;

use super::command::wsfn;
use super::gateway::{Client, connect, text};

/// How long nothing has to come for it to count as nothing.
const QUIET: Duration = Duration::from_millis(300);

async fn nothing_comes(client: &mut Client) {
    let next = tokio::time::timeout(QUIET, client.next()).await;
    assert!(next.is_err(), "{next:?}");
}

async fn say(client: &mut Client, line: &str) {
    client.send(Message::text(line)).await.expect("sent");
}

async fn connect_with(address: &str, protocols: &str) -> Result<(Client, Option<String>), Error> {
    let mut request = format!("ws://{address}/").into_client_request()?;
    let protocols = protocols.parse().expect("a header");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", protocols);
    let (client, response) = tokio_tungstenite::connect_async(request).await?;
    let chosen = response.headers().get("sec-websocket-protocol");
    let chosen = chosen
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    Ok((client, chosen))
}

#[tokio::test]
async fn echo_sends_text_and_binary_back_as_they_were() {
    let echo = Example::start("echo");
    let mut client = connect(echo.address()).await;
    for message in [
        Message::text("hello"),
        Message::text(""),
        Message::text("ü \u{0} \"quoted\" \u{1F600}"),
        Message::binary(vec![0, 1, 2, 255]),
        Message::binary(Vec::new()),
        Message::binary((0..200_000).map(|n| (n % 251) as u8).collect::<Vec<_>>()),
        Message::text("x".repeat(100_000)),
    ] {
        client.send(message.clone()).await.expect("sent");
        let back = client.next().await.expect("open").expect("a frame");
        assert!(back == message, "another message came back");
    }
    for number in 0..1000 {
        client
            .feed(Message::text(number.to_string()))
            .await
            .expect("sent");
    }
    client.flush().await.expect("sent");
    for number in 0..1000 {
        assert_eq!(text(&mut client).await, number.to_string());
    }
}

#[tokio::test]
async fn lobby_tells_everyone() {
    let lobby = Example::start("lobby");
    let mut anna = connect(lobby.address()).await;
    let mut berta = connect(lobby.address()).await;
    say(&mut anna, "hello").await;
    assert_eq!(text(&mut anna).await, "hello");
    assert_eq!(text(&mut berta).await, "hello");
    berta.close(None).await.expect("closed");
    assert_eq!(text(&mut anna).await, "someone left");
    // Somebody who vanishes without a word has left too.
    let carla = connect(lobby.address()).await;
    drop(carla);
    assert_eq!(text(&mut anna).await, "someone left");
    nothing_comes(&mut anna).await;
}

#[tokio::test]
async fn chat_keeps_rooms_apart_and_speaks_its_sub_protocol() {
    let chat = Example::start("chat");
    let (mut anna, chosen) = connect_with(chat.address(), "other, chat.v1")
        .await
        .expect("accepted");
    assert_eq!(chosen.as_deref(), Some("chat.v1"));
    // Whoever offers none is accepted without one; whoever offers only others is refused.
    let mut berta = connect(chat.address()).await;
    let mut carla = connect(chat.address()).await;
    match connect_with(chat.address(), "chat.v9").await {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), 403);
            let body = response.body().clone().unwrap_or_default();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(body.contains("1007"), "{body}");
        }
        other => panic!("not refused: {other:?}"),
    }
    let join =
        |room: &str, name: &str| format!(r#"{{"type":"join","room":"{room}","name":"{name}"}}"#);
    let joined = |line: &str, name: &str| {
        let begin = format!(r#"{{"type":"join","name":"{name}","here":["#);
        assert!(line.starts_with(&begin), "{line}");
    };
    say(&mut anna, &join("red", "Anna")).await;
    joined(&text(&mut anna).await, "Anna");
    say(&mut berta, &join("red", "Berta")).await;
    joined(&text(&mut anna).await, "Berta");
    joined(&text(&mut berta).await, "Berta");
    say(&mut carla, &join("blue", "Carla")).await;
    joined(&text(&mut carla).await, "Carla");
    say(&mut anna, r#"{"type":"say","text":"hello \"you\""}"#).await;
    let line = r#"{"type":"say","name":"Anna","text":"hello \"you\""}"#;
    assert_eq!(text(&mut anna).await, line);
    assert_eq!(text(&mut berta).await, line);
    nothing_comes(&mut carla).await;
    // What is no line is told to its sender and to nobody else.
    say(&mut berta, r#"{"type":"say","room":"red"}"#).await;
    let told = text(&mut berta).await;
    assert!(
        told.contains(r#""errNo":1003"#) && told.contains("text"),
        "{told}"
    );
    nothing_comes(&mut anna).await;
    // A name that is taken by nobody is kicked by nobody; one that is there has left.
    for name in ["Carla", "Berta"] {
        let kick = format!(r#"{{"type":"say","text":"/kick {name}"}}"#);
        say(&mut anna, &kick).await;
    }
    assert_eq!(
        text(&mut anna).await,
        r#"{"type":"leave","name":"Berta","here":["Anna"]}"#
    );
    nothing_comes(&mut carla).await;
}

/// The same wherever the function is: the next message reaches it while it speaks, in this process or another one.
async fn is_stopped(gateway: &Example) {
    let (mut ann, mut bob) = (
        connect(gateway.address()).await,
        connect(gateway.address()).await,
    );
    // Longer than anybody would listen.
    let long = |word: &str| format!("{word} ").repeat(100);
    say(&mut ann, &long("one")).await;
    assert_eq!(text(&mut ann).await, "one ");
    // Another text takes its place, and then nobody speaks.
    say(&mut ann, &long("two")).await;
    let (mut said, mut stopped) = (false, 0);
    while stopped < 2 {
        match text(&mut ann).await.as_str() {
            "(stopped)" => stopped += 1,
            "one " => {}
            "two " => {
                if !std::mem::replace(&mut said, true) {
                    say(&mut ann, "stop").await;
                }
            }
            other => panic!("{other}"),
        }
    }
    // Others are not stopped with it, and who vanishes is forgotten.
    say(&mut bob, "to be").await;
    for word in ["to ", "be", "(the end)"] {
        assert_eq!(text(&mut bob).await, word);
    }
    say(&mut bob, &long("three")).await;
    assert_eq!(text(&mut bob).await, "three ");
    drop(bob);
    say(&mut ann, "or not").await;
    for word in ["or ", "not", "(the end)"] {
        assert_eq!(text(&mut ann).await, word);
    }
    nothing_comes(&mut ann).await;
}

#[tokio::test]
async fn stream_is_stopped_in_the_process_of_the_gateway() {
    is_stopped(&Example::start("stream")).await;
}

#[tokio::test]
async fn stream_is_stopped_behind_http() {
    let pushes = Example::free_address();
    let push_url = format!("http://{pushes}/api-wsfn");
    let environment = [("WSFN_MODE", "event-invoke"), ("WSFN_PUSH_URL", &*push_url)];
    let function = Example::start_with("stream", "stream", &Example::free_address(), &environment);
    let url = format!("http://{}/event-invoke", function.address());
    let command = wsfn(&["gateway", "--push-listen", &pushes, "--function", &url]);
    is_stopped(&Example::listening_command(
        command,
        &Example::free_address(),
    ))
    .await;
}

/// Each message is in another process.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn stream_is_stopped_in_processes_that_the_gateway_starts() {
    let pushes = Example::free_address();
    let program = Example::program("stream", "stream");
    let function = format!(
        "env WSFN_PUSH_URL=http://{pushes}/api-wsfn {}",
        program.display()
    );
    let command = wsfn(&["gateway", "--push-listen", &pushes, "--exec", &function]);
    is_stopped(&Example::listening_command(
        command,
        &Example::free_address(),
    ))
    .await;
}

#[tokio::test]
async fn clients_can_come_back_after_a_restart() {
    let address = Example::free_address();
    let program = Example::program("lobby", "lobby");
    let first = Example::listening(&program, &address, &[]);
    let mut client = connect(&address).await;
    drop(first);
    while let Some(Ok(_)) = client.next().await {}
    let _second = Example::listening(&program, &address, &[]);
    let mut client = connect(&address).await;
    say(&mut client, "back again").await;
    assert_eq!(text(&mut client).await, "back again");
}

#[tokio::test]
async fn one_who_vanishes_has_left_the_lobby() {
    let lobby = Example::start("lobby");
    let mut anna = connect(lobby.address()).await;
    // Without a close frame.
    drop(connect(lobby.address()).await);
    assert_eq!(text(&mut anna).await, "someone left");
}

#[tokio::test]
async fn the_page_is_served_to_the_letter_and_nothing_beside_it() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let chat = Example::start("chat");
    let get = async |path: &str| {
        let mut stream = tokio::net::TcpStream::connect(chat.address())
            .await
            .expect("connected");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            chat.address()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    };
    let page = get("/").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.ends_with(include_str!("../../../examples/chat/src/page.html")));
    let other = get("/favicon.ico").await;
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
}

#[tokio::test]
async fn auth_knows_who_everyone_is() {
    let auth = Example::start("auth");
    let address = auth.address();
    let with_header = |value: &str| {
        let mut request = format!("ws://{address}/").into_client_request()?;
        let value = value.parse().expect("a header");
        request.headers_mut().insert("authorization", value);
        Ok::<_, Error>(request)
    };
    for path in ["", "?", "?token=wrong", "?token", "?user=ann-s3cret"] {
        let refused = tokio_tungstenite::connect_async(format!("ws://{address}/{path}")).await;
        let Err(Error::Http(response)) = refused else {
            panic!("{path}: {refused:?}")
        };
        assert_eq!(response.status(), 403, "{path}");
        let body = response.into_body().expect("a body");
        let body = String::from_utf8(body).expect("text");
        assert_eq!(body, r#"{"errNo":4010,"errMsg":"unknown token"}"#, "{path}");
    }
    let basic = with_header("Basic ann-s3cret").expect("a request");
    assert!(tokio_tungstenite::connect_async(basic).await.is_err());

    // One by a header, one as a browser does.
    let ann = with_header("Bearer ann-s3cret").expect("a request");
    let mut ann = tokio_tungstenite::connect_async(ann)
        .await
        .expect("known")
        .0;
    let bob = format!("ws://{address}/?token=bob-s3cret");
    let mut bob = tokio_tungstenite::connect_async(bob)
        .await
        .expect("known")
        .0;
    say(&mut ann, "hi").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(text(client).await, "ann: hi");
    }
    say(&mut bob, "hello").await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(text(client).await, "bob: hello");
    }
    bob.close(None).await.expect("closed");
    assert_eq!(text(&mut ann).await, "bob left");
    nothing_comes(&mut ann).await;
    drop(ann);
    // Once the last event is timed all lines are there.
    let mut lines = auth.says("Close: ok in");
    lines.extend(auth.says("Close: ok in"));
    let count = |part: &str| lines.iter().filter(|line| line.starts_with(part)).count();
    assert_eq!(count("Connect: unknown token in "), 6, "{lines:#?}");
    assert_eq!(count("Connect: ok in "), 2, "{lines:#?}");
    assert_eq!(count("Message: ok in "), 2, "{lines:#?}");
    assert!(
        lines.iter().all(|line| !line.contains("s3cret")),
        "{lines:#?}"
    );
}
