//! A function behind HTTP, against a server that does exactly what each test says.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use wsfn_gateway::{HttpFunction, Invoke, InvokeAnswer, InvokeError, Slots};
use wsfn_protocol::{Data, ErrNo, Kind, ReplyPush};
use wsfn_settings::{HttpUrl, Settings, Sources};

use crate::support::{Does, Server, call};

fn function(address: &str) -> HttpFunction {
    let url = HttpUrl::parse(&format!("http://{address}/event-invoke")).expect("an address");
    HttpFunction::new(&url, &Settings::default()).expect("a function")
}

async fn ask(server: &Server, kind: Kind) -> Result<InvokeAnswer, InvokeError> {
    function(&server.address.to_string())
        .invoke(call(kind))
        .await
}

#[tokio::test]
async fn the_event_is_the_body_and_nothing_else_is() {
    let server = Server::start(Does::Answer("200 OK", r#"{"errNo":0,"errMsg":"ok"}"#)).await;
    let answer = ask(&server, Kind::Message).await.expect("an answer");
    assert_eq!(answer, InvokeAnswer::ok());
    let requests = server.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a request");
    assert_eq!(body, r#"{"an":"event"}"#);
    assert!(
        head.starts_with("POST /event-invoke HTTP/1.1\r\n"),
        "{head}"
    );
    for line in [
        "content-type: application/json",
        "wsfn-gateway: 1",
        "wsfn-event-id: event-1",
        "wsfn-seq: 7",
        r#"wsfn-session: 3 {"name":"Zo\u00eb"}"#,
        "x-scf-request-id: c6af9ac6-7b61-4000-8a41-93e8deadbeef",
        "traceparent: 00-c6af9ac67b6140008a4193e8deadbeef-8a4193e8deadbeef-01",
        "x-scf-timeout: 30",
    ] {
        assert!(head.lines().any(|found| found == line), "{line}: {head}");
    }
}

#[tokio::test]
async fn a_connect_is_accepted_refused_or_failed_by_its_reply() {
    let accepted = r#"{"errNo":0,"errMsg":"ok","websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketProtocol":"b, a"}}"#;
    let server = Server::start(Does::Answer("200 OK", accepted)).await;
    let answer = ask(&server, Kind::Connect).await.expect("an answer");
    assert_eq!(
        (answer.err_no, answer.protocol.as_deref()),
        (ErrNo::OK, Some("b"))
    );

    let server = Server::start(Does::Answer("200 OK", r#"{"errNo":4001,"errMsg":"no"}"#)).await;
    let answer = ask(&server, Kind::Connect).await.expect("an answer");
    assert_eq!((answer.err_no, &*answer.err_msg), (ErrNo(4001), "no"));

    for (status, body) in [
        ("200 OK", "<html>"),
        ("200 OK", "{}"),
        ("500 Oh", r#"{"errNo":0,"errMsg":"ok"}"#),
        ("302 Found", ""),
    ] {
        let server = Server::start(Does::Answer(status, body)).await;
        let error = ask(&server, Kind::Connect).await.expect_err("no answer");
        assert!(matches!(error, InvokeError::Failed(_)), "{status}: {error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_message_is_answered_whatever_the_body() {
    for body in [
        "",
        "null",
        "<html>",
        r#"{"websocket":{"action":"closing"}}"#,
    ] {
        let server = Server::start(Does::Answer("200 OK", body)).await;
        let answer = ask(&server, Kind::Message).await.expect("an answer");
        assert_eq!(answer.pushes, []);
    }
    let body = r#"{"errNo":0,"errMsg":"ok","wsfn":{"push":[{"websocket":{"action":"data send","dataType":"text","data":"hi"}}]}}"#;
    let server = Server::start(Does::Answer("200 OK", body)).await;
    let answer = ask(&server, Kind::Message).await.expect("an answer");
    assert_eq!(
        answer.pushes,
        [ReplyPush::Send(Data::Text("hi".into()).into())]
    );
}

#[tokio::test]
async fn what_may_have_been_read_is_not_sent_again() {
    for does in [Does::Close, Does::Half] {
        for kind in [Kind::Connect, Kind::Message, Kind::Close] {
            let server = Server::start(does).await;
            let error = ask(&server, kind).await.expect_err("no answer");
            assert!(error.was_sent(), "{error}");
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_written_to() {
    let server = Server::start(Does::AnswerAndClose("{}")).await;
    let function = function(&server.address.to_string());
    for _ in 0..20 {
        function
            .invoke(call(Kind::Message))
            .await
            .expect("an answer");
        // Its FIN is here by then.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(server.requests().len(), 20);
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::start(Does::Answer("200 OK", "{}")).await;
    let function = function(&server.address.to_string());
    for _ in 0..20 {
        function
            .invoke(call(Kind::Message))
            .await
            .expect("an answer");
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn many_at_once_each_get_their_own_answer() {
    let server = Server::start(Does::Decide(|request| {
        let (_, id) = request.split_once("wsfn-event-id: ").expect("an id");
        let id = id.lines().next().unwrap_or_default();
        format!(r#"{{"errNo":0,"wsfn":{{"push":[{{"websocket":{{"action":"data send","dataType":"text","data":"{id}"}}}}]}}}}"#)
    }))
    .await;
    let function = Arc::new(function(&server.address.to_string()));
    for round in 0..3 {
        let mut calls = JoinSet::new();
        for number in 0..50 {
            let function = Arc::clone(&function);
            calls.spawn(async move {
                let mut call = call(Kind::Message);
                call.event_id = format!("event-{round}-{number}").into();
                let text = Data::Text(call.event_id.to_string().into());
                let answer = function.invoke(call).await.expect("an answer");
                assert_eq!(answer.pushes, [ReplyPush::Send(text.into())]);
            });
        }
        calls.join_all().await;
    }
    assert_eq!(server.requests().len(), 150);
    assert!(
        server.connections.load(Ordering::SeqCst) <= 50,
        "used again"
    );
}

#[tokio::test]
async fn an_answer_in_pieces_is_put_together_up_to_its_limit() {
    let server = Server::start(Does::Pieces(3 << 20)).await;
    let function = function(&server.address.to_string());
    for _ in 0..2 {
        let answer = function.invoke(call(Kind::Message)).await;
        assert_eq!(answer, Ok(InvokeAnswer::ok()));
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);

    let server = Server::start(Does::Pieces(6 << 20)).await;
    let error = ask(&server, Kind::Message).await.expect_err("too much");
    assert!(matches!(error, InvokeError::Failed(_)), "{error}");
    assert!(
        error.to_string().contains("length limit exceeded"),
        "{error}"
    );
}

/// Reads a request, and answers it.
async fn answer(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer).await.expect("a request");
    assert!(buffer[..read].ends_with(b"}"), "a whole request");
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(answer).await.expect("a client");
}

/// Reads until the other side closes the connection.
async fn end(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let read = stream.read_to_end(&mut rest);
    let read = tokio::time::timeout(Duration::from_secs(60), read).await;
    read.expect("the end").expect("no error");
}

#[tokio::test]
async fn a_call_that_is_given_up_takes_its_connection_along() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let function = function(&listener.local_addr().expect("its address").to_string());
    let served = async {
        let (mut first, _) = listener.accept().await.expect("a connection");
        answer(&mut first).await;
        // The request of the second call is not answered.
        end(first).await;
        let (mut second, _) = listener.accept().await.expect("a connection");
        answer(&mut second).await;
    };
    let asked = async {
        let answer = function.invoke(call(Kind::Message)).await;
        assert_eq!(answer, Ok(InvokeAnswer::ok()));
        let unanswered = function.invoke(call(Kind::Message));
        let given_up = tokio::time::timeout(Duration::from_millis(50), unanswered).await;
        assert!(given_up.is_err(), "{given_up:?}");
        let answer = function.invoke(call(Kind::Message)).await;
        assert_eq!(answer, Ok(InvokeAnswer::ok()));
    };
    tokio::join!(asked, served);
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let function = function(&listener.local_addr().expect("its address").to_string());
    let served = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        answer(&mut stream).await;
        stream
    };
    let (answer, stream) = tokio::join!(function.invoke(call(Kind::Message)), served);
    assert_eq!(answer, Ok(InvokeAnswer::ok()));
    end(stream).await;
}

#[tokio::test]
async fn nobody_there_is_provably_not_sent() {
    let gone = Server::start(Does::Close).await.address;
    // Another port than a server's: one that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = free.local_addr().expect("its address");
    drop(free);
    assert_ne!(gone, address);
    for kind in [Kind::Connect, Kind::Close] {
        let error = function(&address.to_string()).invoke(call(kind)).await;
        assert_eq!(error, Err(InvokeError::NotSent));
    }
    // A message waits for its function until the deadline comes near.
    let mut soon = call(Kind::Message);
    soon.deadline = Instant::now() + Duration::from_millis(400);
    let error = function(&address.to_string()).invoke(soon).await;
    assert_eq!(error, Err(InvokeError::NotSent));
}

#[tokio::test]
async fn a_message_waits_for_a_function_that_restarts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let asked = tokio::spawn(async move {
        function(&address.to_string())
            .invoke(call(Kind::Message))
            .await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let listener = TcpListener::bind(address).await.expect("the port");
    let server = Server::on(listener, Does::Answer("200 OK", "{}"));
    assert_eq!(asked.await.expect("no panic"), Ok(InvokeAnswer::ok()));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn each_event_has_its_function() {
    let (messages, rest) = (
        Server::start(Does::Answer("200 OK", "{}")).await,
        Server::start(Does::Answer("200 OK", r#"{"errNo":0,"errMsg":"ok"}"#)).await,
    );
    let load = |sources: Sources| Settings::load(&sources.for_command()).expect("settings");
    let url = |server: &Server| format!("http://{}/x", server.address);
    let both = Sources::new()
        .flag("message", url(&messages))
        .flag("function", url(&rest));
    let slots = Slots::from_settings(&load(both)).expect("functions");
    for kind in [Kind::Connect, Kind::Message, Kind::Close] {
        slots.invoke(call(kind)).await.expect("an answer");
    }
    assert_eq!((messages.requests().len(), rest.requests().len()), (1, 2));
    // Nobody to ask: clients are let in, and messages answered.
    let alone = Sources::new().flag("close", url(&rest));
    let slots = Slots::from_settings(&load(alone)).expect("functions");
    let answer = slots.invoke(call(Kind::Connect)).await.expect("an answer");
    assert_eq!(answer, InvokeAnswer::ok());
    let answer = slots.invoke(call(Kind::Message)).await.expect("an answer");
    assert!(
        format!("{:?}", answer.pushes).contains("1002"),
        "{answer:?}"
    );
}
