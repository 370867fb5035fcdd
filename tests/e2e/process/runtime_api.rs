//! A function in a zip: the runtime API, to the letter and out of order.

use std::time::Duration;

use wsfn_tests::{Example, Misbehaviour, PushAnswer, PushServer, RuntimeApi, Said};

use super::{OK, message, misbehave};

/// What is logged once, however long the API fails to do what it should.
const UNFIT: &str = "does not answer as it should";

struct Function {
    api: RuntimeApi,
    pushes: PushServer,
    process: Example,
}

async fn function(environment: &[(&str, &str)]) -> Function {
    let api = RuntimeApi::start().await;
    let pushes = PushServer::start(PushAnswer::ok()).await;
    let process = start(&api, &pushes, environment);
    Function {
        api,
        pushes,
        process,
    }
}

fn start(api: &RuntimeApi, pushes: &PushServer, environment: &[(&str, &str)]) -> Example {
    let (given, url) = (api.environment("obey.main_handler"), pushes.url("/api-abc"));
    let mut all: Vec<(&str, &str)> = given.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.push(("WSFN_PUSH_URL", &url));
    all.extend(environment);
    Example::spawn(misbehave(), "127.0.0.1:0", &all)
}

fn said(text: &str) -> Said {
    Said::Response(text.to_owned())
}

#[tokio::test]
async fn events_are_answered_on_one_connection_in_the_documented_order() {
    let function = function(&[]).await;
    for text in ["one", "two", "three"] {
        assert_eq!(function.api.invoke(&message(text)).await, said(OK));
    }
    assert_eq!(function.api.violations(), [""; 0]);
    assert_eq!(function.api.connections(), 1, "{:#?}", function.api.calls());
    let calls = function.api.calls();
    assert_eq!(calls[0], "POST /runtime/init/ready");
    assert_eq!(calls[1], "GET /runtime/invocation/next");
    assert_eq!(calls[2], "POST /runtime/invocation/response");
    let bodies = function.pushes.bodies();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[0].contains(r#""data":"one""#), "{bodies:?}");
}

#[tokio::test]
async fn bad_events_are_answered_and_survived() {
    let function = function(&[]).await;
    for (event, part) in [
        ("", "1001"),
        ("{", "1001"),
        ("[]", "1001"),
        (r#"{"websocket":7}"#, "1001"),
        (
            r#"{"nothing":1}"#,
            r#""errNo":102,"errMsg":"not found web socket""#,
        ),
        (
            r#"{"websocket":{"action":"dance","secConnectionID":"x"}}"#,
            "1002",
        ),
    ] {
        let Said::Response(reply) = function.api.invoke(event).await else {
            panic!("{event}: an invocation error");
        };
        assert!(reply.contains(part), "{event}: {reply}");
    }
    let huge = "x".repeat((6 << 20) + 1);
    let Said::Response(reply) = function.api.invoke(&huge).await else {
        panic!("an invocation error");
    };
    assert!(reply.contains("larger than"), "{reply}");
    assert_eq!(function.api.invoke(&message("well")).await, said(OK));
    assert_eq!(function.api.violations(), [""; 0]);
}

#[tokio::test]
async fn handlers_that_panic_hang_or_fail_are_answered_for() {
    let function = function(&[]).await;
    // Long enough for a panic to print where it came from.
    function.api.set_time_limit(Duration::from_secs(15));
    for (text, err_no) in [("panic", 1005), ("hang", 1006), ("fail", 1004)] {
        let Said::Response(reply) = function.api.invoke(&message(text)).await else {
            panic!("{text}: an invocation error");
        };
        assert!(reply.contains(&format!(r#""errNo":{err_no}"#)), "{reply}");
        assert!(!reply.contains("hunter2"), "{reply}");
    }
    let told = function.pushes.bodies().join("\n");
    for err_no in [1004, 1005, 1006] {
        assert!(told.contains(&err_no.to_string()), "{told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
    assert_eq!(function.api.invoke(&message("well")).await, said(OK));
}

#[tokio::test]
async fn a_handler_that_blocks_is_answered_for_and_the_process_ends() {
    let mut function = function(&[]).await;
    assert_eq!(function.api.invoke(&message("well")).await, said(OK));
    function.api.set_time_limit(Duration::from_secs(3));
    let Said::Response(reply) = function.api.invoke(&message("block")).await else {
        panic!("an invocation error");
    };
    assert_eq!(reply, r#"{"errNo":1006,"errMsg":"handler timed out"}"#);
    let pushed = function.pushes.bodies();
    let told = pushed.last().expect("its sender is told");
    assert!(told.contains("handler timed out"), "{told}");
    let (status, lines) = function.process.ended();
    assert!(!status.success());
    let lines = lines.join("\n");
    assert!(
        lines.contains("blocks its thread") && lines.contains("obey"),
        "{lines}"
    );
    assert_eq!(function.api.violations(), [""; 0]);
}

#[tokio::test]
async fn an_api_out_of_order_is_waited_out() {
    let function = function(&[]).await;
    assert_eq!(function.api.invoke(&message("well")).await, said(OK));
    function.api.misbehave([
        Misbehaviour::Status(500),
        Misbehaviour::Garbage,
        Misbehaviour::Hangup,
        Misbehaviour::Status(500),
        Misbehaviour::Late(Duration::from_millis(200)),
    ]);
    // The poll that is under way takes the first event, and its answer meets the first misbehaviour.
    for text in ["one", "two", "three"] {
        assert_eq!(
            function.api.invoke(&message(text)).await,
            said(OK),
            "{text}"
        );
    }
    // However often an answer had to be sent, each event was handled once.
    assert_eq!(function.pushes.bodies().len(), 4);
    assert_eq!(function.api.violations(), [""; 0]);
}

/// The API has to go on while a line is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_that_vanishes_and_comes_back() {
    let Function {
        api,
        pushes,
        mut process,
    } = function(&[]).await;
    assert_eq!(api.invoke(&message("well")).await, said(OK));
    let address = api.address().to_string();
    drop(api);
    let _ = process.says(UNFIT);
    // And not again, however often it asks.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let lines = process.output().join("\n");
    assert!(!lines.contains(UNFIT), "{lines}");
    // It comes back as what it was, told ready long ago: only polls come, and they get events.
    let api = RuntimeApi::back_on(&address).await;
    assert_eq!(api.invoke(&message("again")).await, said(OK));
    assert_eq!(api.violations(), [""; 0]);
    assert_eq!(api.calls()[0], "GET /runtime/invocation/next");
    process.terminate();
    let (status, _) = process.ended();
    assert!(status.success(), "{status}");
    assert_eq!(pushes.bodies().len(), 2);
}

/// The API has to go on while a line is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_refused_are_one_line_and_no_spin() {
    let function = function(&[]).await;
    assert_eq!(function.api.invoke(&message("well")).await, said(OK));
    let before = function.api.calls().len();
    // Every other call gets them: the answers.
    let refused = [
        Misbehaviour::Late(Duration::ZERO),
        Misbehaviour::Status(404),
    ];
    function.api.misbehave(refused.repeat(1000));
    let _unanswered = function.api.begin(&message("again"));
    let _ = function.process.says(UNFIT);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let calls = function.api.calls().len() - before;
    assert!((2..40).contains(&calls), "{calls} calls");
    let lines = function.process.output().join("\n");
    assert!(!lines.contains(UNFIT), "{lines}");
}

/// The API has to go on while a line is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_it_between_events() {
    let mut function = function(&[]).await;
    function.api.set_time_limit(Duration::from_secs(5));
    let answer = function.api.begin(&message("hang"));
    let _ = function.process.says("it hangs");
    function.process.terminate();
    let Ok(Said::Response(reply)) = answer.await else {
        panic!("the event was dropped");
    };
    assert!(reply.contains("1006"), "{reply}");
    let (status, _) = function.process.ended();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn an_api_that_is_not_there_at_the_start() {
    let address = Example::free_address();
    let (host, port) = address.rsplit_once(':').expect("a port");
    let mut process = Example::spawn(
        misbehave(),
        "127.0.0.1:0",
        &[("SCF_RUNTIME_API", host), ("SCF_RUNTIME_API_PORT", port)],
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    let api = RuntimeApi::start_on(&address).await;
    let Said::Response(_) = api.invoke(&message("well")).await else {
        panic!("an invocation error");
    };
    process.terminate();
    assert!(process.ended().0.success());
}
