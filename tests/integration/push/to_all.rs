//! One message to many.

use std::time::Duration;

use wsfn::{ConnectionId, Json};
use wsfn_tests::PushAnswer;

use super::{OURS, TENCENT, gateway};

fn ids(count: usize) -> Vec<ConnectionId> {
    (0..count)
        .map(|n| ConnectionId::new(format!("id-{n}==")))
        .collect()
}

#[tokio::test]
async fn to_our_gateway_it_is_one_request_with_a_report() {
    let answer = r#"{"errNo":0,"errMsg":"ok","delivered":1,"failed":[{"secConnectionID":"id-1==","errNo":1101},{"secConnectionID":"id-2==","errNo":1103}]}"#;
    let (server, push) = gateway(OURS, PushAnswer::Http(200, answer)).await;
    let report = push.to_all(&ids(3), "hi").await.expect("a report");
    assert_eq!(report.delivered(), 1);
    let [gone, full] = report.failed() else {
        panic!("{report:?}")
    };
    assert_eq!(gone.id.as_str(), "id-1==");
    assert!(gone.error.is_gone() && full.error.is_full());
    let body = r#"{"websocket":{"action":"data send","secConnectionIDs":["id-0==","id-1==","id-2=="],"dataType":"text","data":"hi"}}"#;
    assert_eq!(server.bodies(), [body]);
}

#[tokio::test]
async fn elsewhere_it_is_one_request_each_a_bounded_number_at_once() {
    let (server, push) = gateway(TENCENT, PushAnswer::Late(Duration::from_millis(50))).await;
    let gone = PushAnswer::Http(410, "");
    server.answer([gone.clone(), gone]);
    let report = push.to_all(&ids(100), Json([1])).await.expect("a report");
    assert_eq!((report.delivered(), report.failed().len()), (98, 2));
    assert!(report.failed().iter().all(|one| one.error.is_gone()));
    assert!(
        (2..=32).contains(&server.most_at_once()),
        "{}",
        server.most_at_once()
    );
    let mut bodies = server.bodies();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 100);
    let one = r#"{"websocket":{"action":"data send","secConnectionID":"id-7==","dataType":"text","data":"[1]"}}"#;
    assert!(bodies.iter().any(|body| body == one), "{}", bodies[0]);
}

#[tokio::test]
async fn to_nobody_is_no_request() {
    for path in [OURS, TENCENT] {
        let (server, push) = gateway(path, PushAnswer::ok()).await;
        let report = push.to_all([], "hi").await.expect("a report");
        assert_eq!(report.delivered(), 0);
        assert_eq!(server.bodies().len(), 0);
    }
}

#[tokio::test]
async fn only_a_failed_request_is_an_error() {
    let (_server, push) = gateway(
        OURS,
        PushAnswer::Http(401, r#"{"errNo":1105,"errMsg":"not allowed"}"#),
    )
    .await;
    let error = push.to_all(&ids(2), "hi").await.expect_err("no report");
    assert_eq!((error.status(), error.err_no()), (Some(401), Some(1105)));
    // An answer without a body is no report.
    let (_server, push) = gateway(OURS, PushAnswer::Http(200, "")).await;
    push.to_all(&ids(2), "hi").await.expect_err("no report");
}
