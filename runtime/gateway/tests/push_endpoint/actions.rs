//! Every action gets through, and every number has its status.

use wsfn_protocol::ErrNo;

use crate::support::{Endpoint, settings};

const ACTIONS: &[&str] = &[
    r#"{"websocket":{"action":"data send","secConnectionID":"a+/=","dataType":"text","data":"x\n\u0000é"}}"#,
    r#"{"websocket":{"action":"data send","secConnectionID":"a","dataType":"binary","data":"AAEC/w=="}}"#,
    r#"{"websocket":{"action":"data send","secConnectionIDs":["a","b"],"dataType":"text","data":""}}"#,
    r#"{"websocket":{"action":"closing","secConnectionID":"a"}}"#,
    r#"{"websocket":{"action":"closing","secConnectionID":"a","code":4000,"reason":"enough"}}"#,
    r#"{"websocket":{"action":"join","secConnectionID":"a","room":"r"}}"#,
    r#"{"websocket":{"action":"leave","secConnectionID":"a","room":"r"}}"#,
    r#"{"websocket":{"action":"leave","secConnectionID":"a"}}"#,
    r#"{"websocket":{"action":"broadcast","room":"r","dataType":"text","data":"x"}}"#,
    r#"{"websocket":{"action":"broadcast","rooms":["r","s"],"except":["a"],"dataType":"text","data":"x"}}"#,
    r#"{"websocket":{"action":"broadcast","dataType":"text","data":"x"}}"#,
    r#"{"websocket":{"action":"members","room":"r","after":"a","limit":10,"with":"session"}}"#,
    r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#,
    r#"{"websocket":{"action":"alive","secConnectionIDs":["a","b"]}}"#,
    r#"{"websocket":{"action":"session","secConnectionID":"a","set":{"n":1},"version":3}}"#,
];

fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn every_action_gets_through_on_one_connection() {
    let endpoint = Endpoint::start(&settings()).await;
    let mut client = endpoint.connect().await;
    for action in ACTIONS {
        client
            .request("POST /api-wsfn HTTP/1.1", "Host: 127.0.0.1\r\n", action)
            .await;
        let response = client.response().await;
        assert_eq!(response.status, 200, "{action}");
        assert_eq!(response.json(), value(r#"{"errNo":0,"errMsg":"ok"}"#));
        assert!(
            response.head.contains("content-type: application/json\r\n"),
            "{}",
            response.head
        );
    }
    let seen = endpoint.recorder.seen();
    assert_eq!(seen.len(), ACTIONS.len());
    for (seen, sent) in seen.iter().zip(ACTIONS) {
        assert_eq!(value(seen), value(sent));
    }
}

#[tokio::test]
async fn every_number_has_its_status() {
    let endpoint = Endpoint::start(&settings()).await;
    for (err_no, status) in [
        (ErrNo::OK, 200),
        (ErrNo::GONE, 410),
        (ErrNo::TOO_LARGE, 413),
        (ErrNo::QUEUE_FULL, 429),
        (ErrNo::BAD_PUSH, 400),
        (ErrNo::FORBIDDEN, 403),
        (ErrNo::CONFLICT, 409),
        (ErrNo::BUSY, 503),
    ] {
        let body = format!(
            r#"{{"websocket":{{"action":"data send","secConnectionID":"errno-{}","dataType":"text","data":""}}}}"#,
            err_no.0
        );
        let response = endpoint.push(&body).await;
        assert_eq!((response.status, response.err_no()), (status, err_no.0));
    }
}

#[tokio::test]
async fn a_client_of_others_keeps_its_connection() {
    let endpoint = Endpoint::start(&settings()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for action in ACTIONS {
        let url = format!("http://{}/api-wsfn", endpoint.addr);
        let response = client.post(url).body(*action).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.text().await.unwrap(),
            r#"{"errNo":0,"errMsg":"ok"}"#
        );
    }
    assert_eq!(endpoint.recorder.seen().len(), ACTIONS.len());
}

#[tokio::test]
async fn a_chunked_body_and_a_pipelined_pair() {
    let endpoint = Endpoint::start(&settings()).await;
    let mut client = endpoint.connect().await;
    let action = r#"{"websocket":{"action":"rooms","secConnectionID":"a"}}"#;
    let (first, second) = action.split_at(20);
    let chunked = format!(
        "POST /api-wsfn HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    client.write(chunked.repeat(2).as_bytes()).await;
    for _ in 0..2 {
        assert_eq!(client.response().await.status, 200);
    }
    assert_eq!(endpoint.recorder.seen(), [action, action]);
}
