//! Who may push, as seen from outside.

use wsfn_gateway::push_endpoint::PushEndpoint;
use wsfn_settings::{Secret, Settings};

use crate::support::{Endpoint, Recorder, settings};

const PUSH: &str = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#;

fn with_tokens() -> Settings {
    Settings {
        push_token: vec![Secret::new("new-token"), Secret::new("old-token")],
        ..settings()
    }
}

#[tokio::test]
async fn without_a_token_a_page_cannot_push() {
    let endpoint = Endpoint::start(&settings()).await;
    let line = "POST /api-wsfn HTTP/1.1";
    for headers in [
        "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n",
        "Host: 127.0.0.1\r\nOrigin: null\r\n",
        "Host: 127.0.0.1\r\norigin: \r\n",
        "Host: rebound.example:9002\r\n",
        "",
    ] {
        let response = endpoint.send(line, headers, PUSH).await;
        assert_eq!(
            (response.status, response.err_no()),
            (403, 1105),
            "{headers:?}"
        );
    }
    // What a browser asks before it sends JSON to another origin.
    let headers = "Host: 127.0.0.1\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
    let preflight = endpoint
        .send("OPTIONS /api-wsfn HTTP/1.1", headers, "")
        .await;
    assert_eq!(preflight.status, 403);
    assert!(!preflight.head.contains("access-control-"));
    assert!(endpoint.recorder.seen().is_empty());
    endpoint.is_alive().await;
}

#[tokio::test]
async fn with_a_token_it_is_required() {
    let endpoint = Endpoint::start(&with_tokens()).await;
    let host = "Host: gateway.internal\r\n";
    for (line, headers) in [
        ("POST /api-wsfn HTTP/1.1", ""),
        ("POST /api-wsfn/ HTTP/1.1", ""),
        ("POST /api-wsfn/wrong HTTP/1.1", ""),
        ("POST /api-wsfn/new-token2 HTTP/1.1", ""),
        ("POST /api-wsfn?token=new-token HTTP/1.1", ""),
        ("POST /api-wsfn HTTP/1.1", "Authorization: Bearer wrong\r\n"),
        (
            "POST /api-wsfn HTTP/1.1",
            "Authorization: Basic new-token\r\n",
        ),
    ] {
        let response = endpoint.send(line, &format!("{host}{headers}"), PUSH).await;
        assert_eq!(
            (response.status, response.err_no()),
            (401, 1105),
            "{line} {headers}"
        );
        assert!(response.head.contains("www-authenticate: bearer\r\n"));
        assert!(!response.body.contains("new-token"));
    }
    let page = endpoint
        .send(
            "POST /api-wsfn/new-token HTTP/1.1",
            &format!("{host}Origin: http://x\r\n"),
            PUSH,
        )
        .await;
    assert_eq!(page.status, 403);
    assert!(endpoint.recorder.seen().is_empty());

    for (line, headers) in [
        ("POST /api-wsfn/new-token HTTP/1.1", ""),
        ("POST /api-wsfn/old-token HTTP/1.1", ""),
        (
            "POST /api-wsfn HTTP/1.1",
            "Authorization: Bearer old-token\r\n",
        ),
        (
            "POST http://gateway.internal/api-wsfn/new-token HTTP/1.1",
            "",
        ),
    ] {
        let response = endpoint.send(line, &format!("{host}{headers}"), PUSH).await;
        assert_eq!(
            (response.status, response.err_no()),
            (200, 0),
            "{line} {headers}"
        );
    }
    assert_eq!(endpoint.recorder.seen().len(), 4);
}

#[tokio::test]
async fn other_paths_and_methods() {
    let endpoint = Endpoint::start(&settings()).await;
    let host = "Host: localhost\r\n";
    for path in [
        "/",
        "/api-wsfn/",
        "/api-wsfn/token",
        "/api-wsfnx",
        "/API-WSFN",
        "/x/api-wsfn",
        "/api-wsfn%2f",
        "*",
    ] {
        let response = endpoint
            .send(&format!("POST {path} HTTP/1.1"), host, PUSH)
            .await;
        assert_eq!((response.status, response.err_no()), (404, 1104), "{path}");
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let response = endpoint
            .send(&format!("{method} /api-wsfn HTTP/1.1"), host, PUSH)
            .await;
        assert_eq!(
            (response.status, response.err_no()),
            (405, 1104),
            "{method}"
        );
        assert!(response.head.contains("allow: post\r\n"));
    }
    assert!(endpoint.recorder.seen().is_empty());
}

#[tokio::test]
async fn beyond_loopback_a_token_is_required() {
    let open = Settings {
        push_listen: Some(vec!["0.0.0.0:0".parse().unwrap()]),
        ..Settings::default()
    };
    let error = PushEndpoint::bind(Recorder::default(), &open)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "push-listen: 0.0.0.0:0 is not loopback; set a push-token"
    );
    let guarded = Settings {
        push_token: vec![Secret::new("t")],
        ..open
    };
    assert!(
        PushEndpoint::bind(Recorder::default(), &guarded)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_port_in_use_names_the_setting() {
    let endpoint = Endpoint::start(&settings()).await;
    let same = Settings {
        push_listen: Some(vec![endpoint.addr]),
        ..Settings::default()
    };
    let error = PushEndpoint::bind(Recorder::default(), &same)
        .await
        .unwrap_err();
    let addr = endpoint.addr;
    assert_eq!(
        error.to_string(),
        format!("push-listen: {addr} is in use; set push-listen to another port")
    );
}
