//! What is no push is answered with where and why, and survived.

use std::time::Duration;

use wsfn_settings::Settings;

use crate::support::{Endpoint, settings};

#[tokio::test]
async fn not_a_push_says_where_and_why() {
    let endpoint = Endpoint::start(&settings()).await;
    for (body, says) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "object"),
        ("null", "object"),
        ("{}", "websocket: missing field"),
        (r#"{"websocket":{}}"#, "websocket.action: missing field"),
        (
            r#"{"websocket":{"action":"dance"}}"#,
            "unknown action `dance`",
        ),
        (
            r#"{"websocket":{"action":"data send","dataType":"text","data":"x"}}"#,
            "websocket.secConnectionID: missing field",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"a","dataType":"text"}}"#,
            "websocket.data: missing field",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"a","dataType":"binary","data":"!"}}"#,
            "base64",
        ),
        (
            r#"{"websocket":{"action":"data send","secConnectionID":"a","dataType":"html","data":""}}"#,
            "html",
        ),
        (
            r#"{"websocket":{"action":"closing","secConnectionID":"a","code":1005}}"#,
            "websocket.code",
        ),
        (
            r#"{"websocket":{"action":"join","secConnectionID":"a","room":""}}"#,
            "websocket.room",
        ),
        (
            r#"{"websocket":{"action":"rooms","secConnectionID":7}}"#,
            "websocket.secConnectionID",
        ),
    ] {
        let response = endpoint.push(body).await;
        assert_eq!((response.status, response.err_no()), (400, 1104), "{body}");
        let text = response.err_msg();
        assert!(
            text.starts_with("not a push: ") && text.contains(says),
            "{body}: {text}"
        );
    }
    let deep = format!(
        r#"{{"websocket":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(endpoint.push(&deep).await.err_no(), 1104);
    assert!(endpoint.recorder.seen().is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_utf8() {
    let endpoint = Endpoint::start(&settings()).await;
    let mut client = endpoint.connect().await;
    client
        .write(b"POST /api-wsfn HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 4\r\n\r\n{\"\xff\x00")
        .await;
    let response = client.response().await;
    assert_eq!((response.status, response.err_no()), (400, 1104));
    assert!(
        response.err_msg().contains("byte 2"),
        "{}",
        response.err_msg()
    );
}

#[tokio::test]
async fn the_limit_of_the_body_is_inclusive() {
    let limit = 200;
    let endpoint = Endpoint::start(&Settings {
        push_max_body: Some(limit),
        ..settings()
    })
    .await;
    let push = |length: usize| {
        let start = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}"#;
        format!("{start}{}}}", " ".repeat(length - start.len() - 1))
    };
    assert_eq!(endpoint.push(&push(limit)).await.status, 200);
    let response = endpoint.push(&push(limit + 1)).await;
    assert_eq!((response.status, response.err_no()), (413, 1102));
    assert!(
        response.err_msg().contains("push-max-body, which is 200"),
        "{}",
        response.err_msg()
    );

    // The same where the length is not announced.
    let mut client = endpoint.connect().await;
    let body = push(limit + 1);
    let head = "POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    client
        .write(format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes())
        .await;
    let response = client.response().await;
    assert_eq!((response.status, response.err_no()), (413, 1102));
    client.ends().await;
}

#[tokio::test]
async fn who_sends_far_too_much_reads_the_answer() {
    let endpoint = Endpoint::start(&settings()).await;
    // First everything, then the answer, as simple clients do: hanging up on them would be a reset.
    let response = endpoint.push(&"x".repeat(6 << 20)).await;
    assert_eq!((response.status, response.err_no()), (413, 1102));
}

#[tokio::test]
async fn a_length_that_is_announced_takes_no_memory_and_who_asks_first_is_told() {
    let endpoint = Endpoint::start(&settings()).await;
    let mut client = endpoint.connect().await;
    let head = "POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 999999999999999\r\n\r\n";
    client.write(head.as_bytes()).await;
    let response = client.response().await;
    assert_eq!((response.status, response.err_no()), (413, 1102));
}

#[tokio::test]
async fn a_slow_body_ends() {
    let slow = Settings {
        message_timeout: Duration::from_millis(200),
        ..settings()
    };
    let endpoint = Endpoint::start(&slow).await;
    let mut client = endpoint.connect().await;
    client
        .write(b"POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{")
        .await;
    let response = client.response().await;
    assert_eq!((response.status, response.err_no()), (408, 1104));
    client.ends().await;
    assert!(endpoint.recorder.seen().is_empty());
    endpoint.is_alive().await;
}

#[tokio::test]
async fn a_slow_head_ends_while_an_idle_connection_stays() {
    let slow = Settings {
        // Long enough for a request that is sent at once.
        handshake_timeout: Duration::from_secs(2),
        ..settings()
    };
    let endpoint = Endpoint::start(&slow).await;
    let mut silent = endpoint.connect().await;
    let mut trickling = endpoint.connect().await;
    let mut idle = endpoint.connect().await;
    let push = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#;
    let (line, host) = ("POST /api-wsfn HTTP/1.1", "Host: 127.0.0.1\r\n");
    idle.request(line, host, push).await;
    assert_eq!(idle.response().await.status, 200);
    trickling.write(b"POST /api-wsfn HTTP/1.1\r\nHo").await;
    silent.ends().await;
    trickling.ends().await;
    // The time for a head has passed twice for the idle one.
    tokio::time::sleep(Duration::from_secs(3)).await;
    idle.request(line, host, push).await;
    assert_eq!(idle.response().await.status, 200);
    // A second head is measured like the first.
    idle.write(b"POST /api").await;
    idle.ends().await;
}

#[tokio::test]
async fn a_large_head_is_refused() {
    let endpoint = Endpoint::start(&settings()).await;
    for name_bytes in [17 << 10, 200 << 10] {
        let mut client = endpoint.connect().await;
        let head = format!(
            "POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {}",
            "x".repeat(name_bytes)
        );
        client.write(head.as_bytes()).await;
        let response = client.response().await;
        assert_eq!(response.status, 431);
    }
    let fits = format!("Host: 127.0.0.1\r\nX: {}\r\n", "x".repeat(15 << 10));
    let push = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#;
    assert_eq!(
        endpoint
            .send("POST /api-wsfn HTTP/1.1", &fits, push)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_is_no_http_is_survived() {
    let endpoint = Endpoint::start(&settings()).await;
    let tls_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x41\x42\x43\r\n\r\n";
    let zeros = vec![0; 64 << 10];
    for garbage in [
        &tls_hello[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\n\r\n",
        &zeros,
        b"POST /api-wsfn HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut client = endpoint.connect().await;
        // It may hang up before it has everything.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut client.stream, garbage).await;
        if let Some(response) = client.try_response().await {
            assert_eq!(response.status, 400, "{response:?}");
        }
    }
    // A body that ends early.
    let mut client = endpoint.connect().await;
    client
        .write(b"POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{}")
        .await;
    drop(client);
    assert!(endpoint.recorder.seen().is_empty());
    endpoint.is_alive().await;
}
