//! A function in an image: `POST /event-invoke`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::{OK, message, misbehave};

pub(crate) async fn ask(address: &str, headers: &str, event: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!(
        "POST /event-invoke HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{event}",
        event.len()
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    body.to_owned()
}

#[tokio::test]
async fn in_scf_it_is_reached_from_outside_the_container() {
    let port = Example::free_address();
    let port = port.rsplit_once(':').expect("a port").1;
    let open = format!("0.0.0.0:{port}");
    let environment = [("TENCENTCLOUD_RUNENV", "SCF"), ("WSFN_LOG_FORMAT", "json")];
    let mut process = Example::listening(misbehave(), &open, &environment);
    let reply = ask(&open, "X-Scf-Request-Id: r-1\r\n", &message("fail")).await;
    assert!(reply.contains("1004"), "{reply}");
    process.terminate();
    let (status, lines) = process.ended();
    assert!(status.success(), "{status}: {lines:#?}");
    let lines = lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line));
    let lines: Vec<_> = lines.collect::<Result<_, _>>().expect("each line is JSON");
    assert!(
        lines
            .iter()
            .any(|line| line["err_no"] == 1004 && line["request_id"] == "r-1"),
        "{lines:#?}"
    );
}

/// The id of a connection that is only this one's.
fn of(id: &str, text: &str) -> String {
    message(text).replace("xawexasdfewezdfsdfeasdfffa==", id)
}

#[tokio::test]
async fn events_at_once_keep_their_ids_and_share_the_state() {
    const ROUNDS: usize = 5;
    let pushes = PushServer::start(PushAnswer::ok()).await;
    let (address, url) = (Example::free_address(), pushes.url("/api-abc"));
    let environment = [("WSFN_MODE", "event-invoke"), ("WSFN_PUSH_URL", &url)];
    let _process = Example::listening(misbehave(), &address, &environment);
    for round in 1..=ROUNDS {
        // Each waits in its handler until all three are there.
        let names = ["a", "b", "c"].map(|name| format!("{name}{round}"));
        let asked = names.iter().map(async |name| {
            let headers =
                format!("X-Scf-Timeout: 60\r\nX-Scf-Request-Id: r-{name}\r\nWsfn-Gateway: 1\r\n");
            let event = of(&format!("id-{name}"), &format!("meet {name}"));
            ask(&address, &headers, &event).await
        });
        let replies = futures_util::future::join_all(asked).await;
        for (name, reply) in names.iter().zip(replies) {
            let said = format!(r#""data":"meet {name} id-{name} r-{name} {}""#, 3 * round);
            assert!(reply.contains(&said), "{said} is not in {reply}");
        }
        // And where the answers are pushed, each goes to the connection that asked.
        let asked = names.iter().map(async |name| {
            let headers = format!("X-Scf-Timeout: 60\r\nX-Scf-Request-Id: r-{name}\r\n");
            ask(&address, &headers, &of(&format!("id-{name}"), name)).await
        });
        assert_eq!(
            futures_util::future::join_all(asked).await,
            [OK; 3].map(str::to_owned)
        );
        for name in &names {
            let push = format!(
                r#"{{"websocket":{{"action":"data send","secConnectionID":"id-{name}","dataType":"text","data":"{name}"}}}}"#
            );
            assert!(
                pushes.bodies().contains(&push),
                "{push}: {:#?}",
                pushes.bodies()
            );
        }
    }
    assert_eq!(pushes.bodies().len(), 3 * ROUNDS);
}

#[tokio::test]
async fn a_subscriber_of_the_program_is_kept() {
    for own in [true, false] {
        let address = Example::free_address();
        let mut environment = vec![("WSFN_MODE", "event-invoke"), ("WSFN_LOG", "info")];
        if own {
            environment.push(("MISBEHAVE_OWN_LOG", "1"));
        }
        let mut process = Example::listening(misbehave(), &address, &environment);
        let reply = ask(&address, "Wsfn-Gateway: 1\r\n", &message("fail")).await;
        assert!(reply.contains("1004"), "{reply}");
        process.terminate();
        let (status, lines) = process.ended();
        assert!(status.success(), "{status}: {lines:#?}");
        // Whoever writes them, each is there once.
        for said in ["waiting for events at", "hunter2", "asked to stop"] {
            let times = lines.iter().filter(|line| line.contains(said)).count();
            assert_eq!(times, 1, "{said:?} in {lines:#?}");
        }
        let owned = lines.iter().filter(|line| line.starts_with("own: "));
        let expected = if own { lines.len() } else { 0 };
        assert_eq!(owned.count(), expected, "{lines:#?}");
    }
}

#[tokio::test]
async fn events_in_answers_out() {
    let pushes = PushServer::start(PushAnswer::ok()).await;
    let (address, url) = (Example::free_address(), pushes.url("/api-abc"));
    let environment = [("WSFN_MODE", "event-invoke"), ("WSFN_PUSH_URL", &url)];
    let mut process = Example::listening(misbehave(), &address, &environment);
    assert_eq!(ask(&address, "", &message("well")).await, OK);
    assert!(pushes.bodies()[0].contains(r#""data":"well""#));

    // Our own gateway takes the answer inside the reply.
    let reply = ask(&address, "Wsfn-Gateway: 1\r\n", &message("well")).await;
    let inside = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"well"}}]}}"#;
    assert_eq!(reply, inside);
    assert_eq!(pushes.bodies().len(), 1);

    let limit = "X-Scf-Timeout: 1\r\nWsfn-Gateway: 1\r\n";
    // A panic prints first where it came from.
    let long = "X-Scf-Timeout: 60\r\nWsfn-Gateway: 1\r\n";
    let (block, hang, panics, fails, well) = (
        message("block"),
        message("hang"),
        message("panic"),
        message("fail"),
        message("well"),
    );
    let (block, hang, panics, fails, well) = tokio::join!(
        ask(&address, limit, &block),
        ask(&address, limit, &hang),
        ask(&address, long, &panics),
        ask(&address, long, &fails),
        ask(&address, long, &well),
    );
    // Their senders are told, whatever kept the handler from its end.
    let note = r#"{"errNo":1006,"errMsg":"handler timed out","temporary":true}"#;
    let note = serde_json::to_string(note).expect("a string");
    assert!(hang.contains(&note), "{hang}");
    assert_eq!(block, hang);
    assert!(panics.contains("1005"), "{panics}");
    assert!(
        fails.contains("1004") && !fails.contains("hunter2"),
        "{fails}"
    );
    assert_eq!(well, inside);
    for event in ["", "{", "nonsense"] {
        let reply = ask(&address, "", event).await;
        assert!(reply.contains("1001"), "{event}: {reply}");
    }
    process.terminate();
    let (status, lines) = process.ended();
    assert!(status.success(), "{status}: {lines:#?}");
    let lines = lines.join("\n");
    assert!(
        lines.contains("blocks its thread") && lines.contains("obey"),
        "{lines}"
    );
    assert!(
        lines.contains("hunter2"),
        "the log is where the cause belongs: {lines}"
    );
    assert!(!lines.contains("xawexasdfewezdfsdfeasdfffa"), "{lines}");
}
