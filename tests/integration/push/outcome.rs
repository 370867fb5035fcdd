//! What counts as delivered, and what is tried again.

use std::time::Duration;

use wsfn::{Json, Message, Plain, Push};
use wsfn_tests::{Example, PushAnswer, PushServer};

use super::{OURS, TENCENT, gateway, id};

#[tokio::test]
async fn the_body_is_the_documented_one() {
    let (server, push) = gateway(TENCENT, PushAnswer::ok()).await;
    push.text(&id(), "xxx").await.expect("delivered");
    push.binary(&id(), [1, 2, 255]).await.expect("delivered");
    push.json(&id(), &[1, 2]).await.expect("delivered");
    // It has no field for what is not to be compressed either.
    push.message(&id(), Plain(Json("a\"b")))
        .await
        .expect("delivered");
    push.close(&id()).await.expect("closed");
    // Tencent's gateway has neither code nor reason.
    push.close_with(&id(), 4000, "bye").await.expect("closed");
    let sent = |data_type: &str, data: &str| {
        format!(
            r#"{{"websocket":{{"action":"data send","secConnectionID":"xawexasdfewezdfsdfeasdfffa==","dataType":"{data_type}","data":"{data}"}}}}"#
        )
    };
    let closing =
        r#"{"websocket":{"action":"closing","secConnectionID":"xawexasdfewezdfsdfeasdfffa=="}}"#;
    let expected = [
        sent("text", "xxx"),
        sent("binary", "AQL/"),
        sent("text", "[1,2]"),
        sent("text", r#"\"a\\\"b\""#),
        closing.to_owned(),
        closing.to_owned(),
    ];
    assert_eq!(server.bodies(), expected);
    assert!(server.paths().iter().all(|path| path == TENCENT));
    assert_eq!(server.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn our_gateway_gets_code_and_reason_and_what_is_not_to_be_compressed() {
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    let secret = Message::from("xxx").plain();
    push.message(&id(), secret).await.expect("delivered");
    let body = &server.bodies()[0];
    assert!(body.ends_with(r#""compress":false}}"#), "{body}");
    push.close_with(&id(), 4000, "bye").await.expect("closed");
    let body = &server.bodies()[1];
    assert!(
        body.contains(r#""code":"#) && body.contains("4000") && body.contains("bye"),
        "{body}"
    );
}

#[tokio::test]
async fn delivered_is_200_and_err_no_0_or_no_json() {
    for body in ["", "<html>ok</html>", "{}", r#"{"errNo":0}"#, "[1]", "null"] {
        let (_server, push) = gateway(TENCENT, PushAnswer::Http(200, body)).await;
        push.text(&id(), "x")
            .await
            .unwrap_or_else(|error| panic!("{body}: {error}"));
    }
}

#[tokio::test]
async fn everything_else_is_an_error_that_says_what_it_is() {
    let cases = [
        (200, r#"{"errNo":7,"errMsg":"no"}"#, Some(7)),
        (200, r#"{"errNo":7,"errMsg":null}"#, None),
        (200, r#"{"errNo":"7"}"#, None),
        (302, "", None),
        (410, "", None),
        (
            410,
            r#"{"errNo":1101,"errMsg":"no such connection"}"#,
            Some(1101),
        ),
        (413, "", None),
        (429, "slow down", None),
        (500, "<h1>oops</h1>", None),
    ];
    for (status, body, err_no) in cases {
        let (server, push) = gateway(TENCENT, PushAnswer::Http(status, body)).await;
        let error = push.text(&id(), "x").await.expect_err("not delivered");
        assert_eq!(error.status(), Some(status), "{error}");
        assert_eq!(error.err_no(), err_no, "{error}");
        assert_eq!(error.body(), body.as_bytes(), "{error}");
        assert_eq!(error.is_gone(), status == 410, "{error}");
        assert_eq!(error.is_too_large(), status == 413, "{error}");
        assert_eq!(error.is_throttled(), status == 429, "{error}");
        assert!(!error.is_timeout() && !error.is_not_sent(), "{error}");
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(server.bodies().len(), 1, "tried again after {status}");
    }
}

#[tokio::test]
async fn our_gateway_is_asked_again_when_it_says_later() {
    let full = PushAnswer::Http(
        429,
        r#"{"errNo":1103,"errMsg":"its outbound queue is full"}"#,
    );
    let busy = PushAnswer::Http(503, r#"{"errNo":1107,"errMsg":"draining"}"#);
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    server.answer([full.clone(), busy]);
    push.text(&id(), "x")
        .await
        .expect("delivered at the third try");
    assert_eq!(server.bodies().len(), 3);

    let (server, push) = gateway(OURS, full).await;
    let error = push.text(&id(), "x").await.expect_err("full for good");
    assert!(error.is_full() && error.is_throttled(), "{error}");
    assert_eq!(server.bodies().len(), 3, "it is not tried for ever");

    // A proxy in front of it, or another gateway: it may have been delivered.
    for (path, body) in [(OURS, "busy"), (TENCENT, r#"{"errNo":1103,"errMsg":""}"#)] {
        let (server, push) = gateway(path, PushAnswer::Http(503, body)).await;
        push.text(&id(), "x").await.expect_err("not delivered");
        assert_eq!(server.bodies().len(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_then_told() {
    let address = Example::free_address();
    let push = Push::to_url(&format!("http://{address}{TENCENT}")).expect("an address");
    let error = push.text(&id(), "x").await.expect_err("nobody is there");
    assert!(error.is_not_sent(), "{error}");
    assert!(error.to_string().contains("not reachable"), "{error}");

    let again = tokio::spawn(async move { push.text(&id(), "x").await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let server = PushServer::start_on(&address, PushAnswer::ok()).await;
    again
        .await
        .expect("no panic")
        .expect("delivered once it is back");
    assert_eq!(server.bodies().len(), 1);
}

#[tokio::test]
async fn a_push_that_may_have_been_sent_is_not_sent_again() {
    let (server, push) = gateway(OURS, PushAnswer::Hangup).await;
    let error = push.text(&id(), "x").await.expect_err("no answer");
    assert!(!error.is_not_sent(), "{error}");
    assert_eq!(server.bodies().len(), 1);

    // Nor on a connection that was used before.
    let (server, push) = gateway(OURS, PushAnswer::ok()).await;
    push.text(&id(), "x").await.expect("delivered");
    server.answer([PushAnswer::Hangup]);
    push.text(&id(), "y").await.expect_err("no answer");
    assert_eq!(server.bodies().len(), 2);
}

/// In real time: a clock that is paused goes on to the next timer whenever a socket has nothing yet.
#[tokio::test]
async fn a_slow_gateway_is_waited_for_and_not_for_ever() {
    let (server, push) = gateway(TENCENT, PushAnswer::Late(Duration::from_secs(2))).await;
    push.text(&id(), "x").await.expect("late, not lost");
    server.answer([PushAnswer::Late(Duration::from_secs(3600))]);
    let error = push.text(&id(), "x").await.expect_err("too late");
    assert!(error.is_timeout(), "{error}");
    assert!(error.to_string().contains("in time"), "{error}");
}

#[tokio::test]
async fn only_http_has_pushes() {
    let error = Push::to_url("ftp://localhost/s3cr3t").expect_err("no such scheme");
    assert!(error.to_string().contains("push-url"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, push) = gateway(TENCENT, PushAnswer::Http(307, "")).await;
    push.text(&id(), "x").await.expect_err("not delivered");
    assert_eq!(server.paths(), [TENCENT]);
}
