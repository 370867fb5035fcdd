//! The command `wsfn`: a gateway whose functions are elsewhere, and what one tries functions with.

use std::process::{Command, Output};
use std::sync::OnceLock;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use wsfn_tests::Example;

use super::exec::executing;
use super::gateway::{connect, connect_to, text};

/// The command, built once.
pub(crate) fn wsfn(arguments: &[&str]) -> Command {
    static PROGRAM: OnceLock<std::path::PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| Example::program("wsfn-cli", "wsfn"));
    let mut command = Command::new(program);
    // Tests run side by side; one that looks there says so.
    command
        .env("WSFN_ADMIN_LISTEN", "off")
        .env("WSFN_DATA", "none");
    // A `wsfn.toml` of whoever runs the tests is none of theirs.
    command.args(arguments).current_dir(std::env::temp_dir());
    command
}

pub(super) fn output(arguments: &[&str]) -> Output {
    wsfn(arguments).output().expect("it runs")
}

pub(super) fn printed(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    [out, err]
        .map(|text| String::from_utf8_lossy(text))
        .concat()
}

/// A gateway, and a program of ours behind it as a function.
struct Running {
    gateway: Example,
    function: Example,
    push_url: String,
}

fn running(package: &str) -> Running {
    let pushes = Example::free_address();
    let push_url = format!("http://{pushes}/api-wsfn");
    let function = Example::start_with(
        package,
        package,
        &Example::free_address(),
        &[("WSFN_MODE", "event-invoke"), ("WSFN_PUSH_URL", &push_url)],
    );
    let url = format!("http://{}/event-invoke", function.address());
    let command = wsfn(&["gateway", "--push-listen", &pushes, "--function", &url]);
    let gateway = Example::listening_command(command, &Example::free_address());
    Running {
        gateway,
        function,
        push_url,
    }
}

/// Two clients of the lobby hear each other, and of each other's leaving.
pub(super) async fn the_lobby_is_as_ever(address: &str) {
    let mut anna = connect(address).await;
    let mut berta = connect(address).await;
    anna.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut anna).await, "hello");
    assert_eq!(text(&mut berta).await, "hello");
    berta.close(None).await.expect("closed");
    assert_eq!(text(&mut anna).await, "someone left");
}

#[tokio::test]
async fn the_lobby_runs_behind_it_unchanged() {
    let lobby = running("lobby");
    the_lobby_is_as_ever(lobby.gateway.address()).await;
}

#[tokio::test]
async fn an_answer_travels_inside_the_reply() {
    // Without an address to push to: what comes back can only have come inside the reply.
    let echo = Example::start_with(
        "echo",
        "echo",
        &Example::free_address(),
        &[("WSFN_MODE", "event-invoke")],
    );
    let url = format!("http://{}/event-invoke", echo.address());
    let command = wsfn(&["gateway", "--push-listen", "off", "--function", &url]);
    let gateway = Example::listening_command(command, &Example::free_address());
    let mut client = connect(gateway.address()).await;
    for message in [
        Message::text("hello \"you\" \u{1F600}"),
        Message::binary(vec![0, 255, 1]),
        Message::text("x".repeat(300_000)),
    ] {
        client.send(message.clone()).await.expect("sent");
        let back = client.next().await.expect("open").expect("a frame");
        assert!(back == message, "another message came back");
    }
}

#[tokio::test]
async fn events_are_signed_where_there_is_a_secret() {
    const SECRET: (&str, &str) = ("WSFN_SECRET", "an old secret of the gateway");
    // With the one that comes and the one that goes, as while a secret is replaced; and open to the network.
    let secrets = (
        "WSFN_SECRET",
        "a new secret of the gateway,an old secret of the gateway",
    );
    let address = Example::free_address();
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    let mut command = Command::new(Example::program("echo", "echo"));
    command
        .env("WSFN_MODE", "event-invoke")
        .env(secrets.0, secrets.1);
    let echo = Example::listening_command(command, &everywhere);
    let url = format!("http://{address}/event-invoke");
    let arguments = ["gateway", "--push-listen", "off", "--function", &url];
    let mut signing = wsfn(&arguments);
    signing.env(SECRET.0, SECRET.1);
    let gateway = Example::listening_command(signing, &Example::free_address());
    let mut client = connect(gateway.address()).await;
    client.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut client).await, "hello");
    // One that does not sign is not believed, and the log of the function says why.
    let gateway = Example::listening_command(wsfn(&arguments), &Example::free_address());
    match tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address())).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 502),
        other => panic!("not refused: {other:?}"),
    }
    let _ = echo.says("the event is not signed");
    let said = output(&["invoke", &url, "-"]);
    assert!(printed(&said).contains("401"), "{}", printed(&said));
}

#[tokio::test]
async fn push_and_close_reach_clients() {
    let lobby = running("lobby");
    let url = &*lobby.push_url;
    let mut anna = connect(lobby.gateway.address()).await;
    let said = output(&["push", "--push-url", url, "--room", "lobby", "from afar"]);
    assert_eq!(printed(&said), "delivered to 1\n");
    assert_eq!(text(&mut anna).await, "from afar");
    let said = output(&["push", "--push-url", url, "--everyone", "to all"]);
    assert_eq!(printed(&said), "delivered to 1\n");
    assert_eq!(text(&mut anna).await, "to all");
    // Nobody has this id.
    for arguments in [
        &["push", "--push-url", url, "--to", "x==", "hello"][..],
        &["close", "--push-url", url, "x=="],
        &[
            "close",
            "--push-url",
            url,
            "x==",
            "--code",
            "4001",
            "--reason",
            "enough",
        ],
    ] {
        let said = output(arguments);
        assert!(!said.status.success());
        assert!(printed(&said).contains("1101"), "{}", printed(&said));
    }
}

#[tokio::test]
async fn rooms_are_seen_and_changed() {
    let lobby = running("lobby");
    let rooms = |arguments: &[&str]| {
        let url = ["--push-url", &*lobby.push_url];
        let said = output(&[&["rooms", arguments[0]], &url[..], &arguments[1..]].concat());
        (said.status.success(), printed(&said))
    };
    let yes = |text: &str| (true, text.to_owned());
    let mut anna = connect(lobby.gateway.address()).await;
    let (_, id) = rooms(&["members", "lobby"]);
    let id = id.trim_end();
    assert_eq!(rooms(&["of", id]), yes("lobby\n"));
    assert_eq!(rooms(&["join", "the attic", id]), yes(""));
    assert_eq!(rooms(&["of", id]), yes("lobby\nthe attic\n"));
    assert_eq!(rooms(&["count", "the attic"]), yes("1\n"));
    let client = wsfn::Client::new(&lobby.push_url).expect("a gateway");
    let id_of = wsfn::ConnectionId::new(id);
    let session = client.rooms().session::<[u8; 2]>(&id_of).await;
    session.expect("a session").set([1, 2]).await.expect("set");
    let listed = format!("{id}\t[1,2]\n");
    assert_eq!(rooms(&["members", "the attic", "--sessions"]), yes(&listed));
    let url = &*lobby.push_url;
    let said = output(&["push", "--push-url", url, "--room", "the attic", "up here"]);
    assert_eq!(printed(&said), "delivered to 1\n");
    assert_eq!(text(&mut anna).await, "up here");
    assert_eq!(rooms(&["leave", "the attic", id]), yes(""));
    assert_eq!(rooms(&["members", "the attic"]), yes(""));
    for arguments in [&["of", "x=="][..], &["join", "lobby", "x=="]] {
        let (done, said) = rooms(arguments);
        assert!(!done && said.contains("1101"), "{said}");
    }
    let (done, said) = rooms(&["join", "", id]);
    assert!(!done && said.contains("1104"), "{said}");
}

#[tokio::test]
async fn a_function_that_is_down_refuses_and_ends_connections() {
    let Running {
        gateway, function, ..
    } = running("lobby");
    let mut open = connect(gateway.address()).await;
    drop(function);
    match tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address())).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 502),
        other => panic!("not refused: {other:?}"),
    }
    // SIGTERM ends it, though a close event waits for a function that is not there.
    gateway.terminate();
    let end = open.next().await;
    assert!(matches!(end, Some(Ok(Message::Close(Some(frame)))) if u16::from(frame.code) == 1001));
}

#[tokio::test]
async fn each_route_has_its_functions_and_what_matches_none_is_not_found() {
    let lobby = Example::program("lobby", "lobby");
    let echo = Example::program("echo", "echo");
    let folder = std::env::temp_dir().join(format!("wsfn-routes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("wsfn.toml");
    let routes = format!(
        "[[route]]\npath = \"/echo/{{what}}\"\nfunction = \"exec:{}\"\n\
         [[route]]\nhost = \"127.0.0.1\"\npath = \"/lobby\"\nfunction = \"exec:{}\"\n",
        echo.display(),
        lobby.display()
    );
    std::fs::write(&file, routes).expect("written");
    let config = file.to_str().expect("a path");
    let checked = printed(&output(&["gateway", "--check", "--config", config]));
    assert!(
        checked.contains("route any host, /echo/{what}:"),
        "{checked}"
    );
    let gateway = executing(&["--config", config]);
    let address = gateway.address();
    let mut client = connect_to(address, "/echo/1").await;
    client.send(Message::text("back")).await.expect("sent");
    assert_eq!(text(&mut client).await, "back");
    let mut anna = connect_to(address, "/lobby").await;
    let mut berta = connect_to(address, "/lobby").await;
    anna.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut berta).await, "hello");
    match tokio_tungstenite::connect_async(format!("ws://{address}/other")).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 404),
        other => panic!("not refused: {other:?}"),
    }
    // A function that chooses nothing from an offer is warned about once for each route.
    let mut said = Vec::new();
    for (path, route) in [
        ("/echo/1", "any host, /echo/{what}"),
        ("/echo/2", ""),
        ("/lobby", "127.0.0.1, /lobby"),
    ] {
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .expect("a request");
        let offer = HeaderValue::from_static("chat.v1");
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", offer);
        // This client gives up, as a browser does.
        assert!(tokio_tungstenite::connect_async(request).await.is_err());
        if !route.is_empty() {
            said.extend(gateway.says("the function chose none"));
            assert!(
                said.last().is_some_and(|line| line.contains(route)),
                "{said:#?}"
            );
        }
    }
    let warned = said
        .iter()
        .filter(|line| line.contains("the function chose none"));
    assert_eq!(warned.count(), 2, "{said:#?}");
    let _ = std::fs::remove_dir_all(folder);
}

/// The answer of the admin endpoint: status and body.
pub(super) async fn ask(address: &str, request: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("connected");
    let (line, headers) = request
        .split_once('\n')
        .unwrap_or((request, "host: localhost"));
    let head = format!("{line} HTTP/1.1\r\n{headers}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let status = answer[9..12].parse().expect("a status");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    (status, body.to_owned())
}

#[test]
fn a_directory_has_one_gateway() {
    let folder = std::env::temp_dir().join(format!("wsfn-gateway-{}", std::process::id()));
    let data = folder.to_str().expect("a path");
    let arguments = [
        "gateway",
        "--push-listen",
        "off",
        "--data",
        data,
        "--exec",
        "true",
    ];
    let mut command = wsfn(&arguments);
    command.env_remove("WSFN_DATA");
    let first = Example::listening_command(command, &Example::free_address());
    let mut second = wsfn(&arguments);
    second
        .env_remove("WSFN_DATA")
        .env("WSFN_LISTEN", "127.0.0.1:0");
    let said = second.output().expect("it runs");
    assert_eq!(said.status.code(), Some(1));
    assert!(
        printed(&said).contains("another gateway"),
        "{}",
        printed(&said)
    );
    drop(first);
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test]
async fn whoever_runs_it_sees_health_numbers_and_connections() {
    let admin = Example::free_address();
    let lobby = Example::program("lobby", "lobby");
    let lobby = lobby.to_str().expect("a path");
    let pushes = Example::free_address();
    let mut command = wsfn(&["gateway", "--push-listen", &pushes, "--exec", lobby]);
    command.args(["--admin-listen", &admin, "--max-per-address", "2"]);
    command.env_remove("WSFN_ADMIN_LISTEN");
    let gateway = Example::listening_command(command, &Example::free_address());
    assert_eq!(ask(&admin, "GET /healthz").await, (200, "ok\n".into()));
    assert_eq!(ask(&admin, "GET /readyz").await, (200, "ready\n".into()));
    let mut anna = connect(gateway.address()).await;
    // The look whether it listens may still have one of the two places.
    let _berta = loop {
        let url = format!("ws://{}/", gateway.address());
        match tokio_tungstenite::connect_async(url).await {
            Ok((berta, _)) => break berta,
            Err(Error::Http(response)) => assert_eq!(response.status(), 429),
            Err(error) => panic!("{error}"),
        }
    };
    let before = number(&admin, r#"wsfn_handshakes_turned_away_total{status="429"}"#).await;
    tokio_tungstenite::connect_async(format!("ws://{}/", gateway.address()))
        .await
        .expect_err("the third");
    anna.send(Message::text("hello")).await.expect("sent");
    assert_eq!(text(&mut anna).await, "hello");
    let (status, numbers) = ask(&admin, "GET /metrics").await;
    assert_eq!(status, 200);
    for line in [
        "wsfn_connections{state=\"open\"} 2",
        "wsfn_calls_total{event=\"connect\",outcome=\"answered\"} 2",
        "wsfn_call_seconds_count{event=\"connect\"} 2",
        &format!(
            "wsfn_handshakes_turned_away_total{{status=\"429\"}} {}",
            before + 1
        ),
        &format!(
            "wsfn_limits_reached_total{{setting=\"max-per-address\"}} {}",
            before + 1
        ),
        "# EOF",
    ] {
        assert!(
            numbers.lines().any(|found| found == line),
            "{line}: {numbers}"
        );
    }
    let url = format!("http://{admin}");
    let listed = printed(&output(&["connections", "--admin", &url]));
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed["count"], 2);
    assert_eq!(listed["connections"][0]["rooms"][0], "lobby");
    let id = listed["connections"][0]["id"].as_str().expect("an id");
    let one = printed(&output(&["connections", "--admin", &url, id]));
    assert!(one.contains(id) && one.contains("\"open\""), "{one}");
    assert!(
        !output(&["connections", "--admin", &url, "x=="])
            .status
            .success()
    );
    // Closed by whoever runs it.
    let encoded = id
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    let (status, _) = ask(&admin, &format!("DELETE /connections/{encoded}?code=4001")).await;
    assert_eq!(status, 200);
    // A page of somebody who owns a name that leads here, and a page at all.
    for headers in [
        "host: evil.example",
        "host: localhost\r\norigin: http://localhost",
    ] {
        let (status, _) = ask(&admin, &format!("GET /connections\n{headers}")).await;
        assert_eq!(status, 403, "{headers}");
    }
    assert_eq!(ask(&admin, "POST /metrics").await.0, 405);
    assert_eq!(ask(&admin, "GET /").await.0, 404);
}

/// What `/metrics` says of one number.
pub(super) async fn number(admin: &str, name: &str) -> u64 {
    let (_, numbers) = ask(admin, "GET /metrics").await;
    let found = numbers.lines().find_map(|line| line.strip_prefix(name));
    let found = found.unwrap_or_else(|| panic!("{name}: {numbers}"));
    found.trim().parse().expect("a number")
}

#[test]
fn invoke_shows_the_reply() {
    let register = Example::start_with(
        "seed",
        "register",
        &Example::free_address(),
        &[("WSFN_MODE", "event-invoke")],
    );
    let url = format!("http://{}/event-invoke", register.address());
    let event = std::env::temp_dir().join(format!("wsfn-event-{}.json", std::process::id()));
    std::fs::write(
        &event,
        r#"{"requestContext":{},"websocket":{"action":"connecting","secConnectionID":"x=="}}"#,
    )
    .expect("written");
    let path = event.to_str().expect("a path");
    let said = output(&["invoke", &url, path]);
    assert!(said.status.success(), "{}", printed(&said));
    assert!(printed(&said).contains(r#""secConnectionID":"x==""#));
    // 102, and with it a failure.
    std::fs::write(&event, r#"{"requestContext":{}}"#).expect("written");
    let said = output(&["invoke", &url, path]);
    assert!(!said.status.success());
    assert!(printed(&said).contains("102"), "{}", printed(&said));
    let said = output(&["invoke", &url, "/no/such/event.json"]);
    assert!(printed(&said).contains("/no/such/event.json: cannot be read"));
    let _ = std::fs::remove_file(event);
}

#[test]
fn the_printed_settings_are_all_of_them_and_change_nothing() {
    let said = output(&["gateway", "--print-config"]);
    assert!(said.status.success(), "{}", printed(&said));
    let file = String::from_utf8(said.stdout).expect("UTF-8");
    // The mode of the command is no choice.
    let settings = wsfn_settings::SETTINGS
        .iter()
        .filter(|setting| setting.is_for_command() && setting.name != "mode");
    for setting in settings {
        let line = format!("#{} = ", setting.name);
        assert!(file.lines().any(|l| l.starts_with(&line)), "{line}{file}");
    }
    // All of it is a comment, so a gateway with it does what it does without.
    let path = std::env::temp_dir().join(format!("wsfn-printed-{}.toml", std::process::id()));
    std::fs::write(&path, &file).expect("written");
    let config = path.to_str().expect("a path");
    let function = ["--function", "http://127.0.0.1:9/"];
    let with = output(&[&["gateway", "--check", "--config", config], &function[..]].concat());
    let without = output(&[&["gateway", "--check"], &function[..]].concat());
    let _ = std::fs::remove_file(&path);
    assert!(with.status.success(), "{}", printed(&with));
    let says = |said: &Output| printed(said).replace(config, "");
    assert_eq!(says(&with), says(&without));
}

#[test]
fn each_shell_gets_completions_that_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = output(&["completions", shell]);
        assert!(said.status.success(), "{shell}: {}", printed(&said));
        let script = String::from_utf8(said.stdout).expect("UTF-8");
        for word in ["gateway", "invoke", "push", "close", "connections", "rooms"] {
            assert!(script.contains(word), "{shell} without {word}");
        }
    }
    // Where there is the shell, it takes them.
    let sourced = Command::new("bash")
        .args([
            "-c",
            "source <(\"$0\" completions bash) && complete -p wsfn",
        ])
        .arg(wsfn(&[]).get_program())
        .output();
    match sourced {
        Ok(said) => assert!(said.status.success(), "{}", printed(&said)),
        Err(error) => wsfn_tests::skip(
            "each_shell_gets_completions_that_know_every_command",
            &format!("bash: {error}"),
        ),
    }
}

#[tokio::test]
async fn a_second_sigterm_ends_it_at_once() {
    let misbehave = super::misbehave().to_str().expect("a path");
    let mut gateway = executing(&["--exec", misbehave, "--drain", "10m"]);
    let mut client = connect(gateway.address()).await;
    // A call that does not end holds the shutdown up.
    client.send(Message::text("hang")).await.expect("sent");
    let _ = gateway.says("it hangs");
    gateway.terminate();
    let _ = gateway.says("once more to stop at once");
    gateway.terminate();
    let (status, lines) = gateway.ended();
    assert_eq!(status.code(), Some(130), "{lines:#?}");
}
