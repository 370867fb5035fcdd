//! Where it does not travel, it is asked for.

use serde_json::json;
use wsfn::{ConnectionId, Context, Push, Session, Text, on_message};
use wsfn_tests::{PushAnswer, PushServer};

const ID: &str = "xawexasdfewezdfsdfeasdfffa==";

#[tokio::test]
async fn each_call_is_its_request() {
    let server = PushServer::start(PushAnswer::ok()).await;
    server.answer([
        PushAnswer::Http(200, r#"{"errNo":0,"errMsg":"ok","value":"a","version":3}"#),
        PushAnswer::Http(200, r#"{"errNo":0,"errMsg":"ok","value":"b","version":4}"#),
        PushAnswer::Http(
            409,
            r#"{"errNo":1106,"errMsg":"the session changed in between","value":"z","version":5}"#,
        ),
        PushAnswer::Http(200, r#"{"errNo":0,"errMsg":"ok","value":"z","version":5}"#),
        PushAnswer::Http(200, r#"{"errNo":0,"errMsg":"ok","value":"z!","version":6}"#),
        PushAnswer::Http(200, r#"{"errNo":0,"errMsg":"ok","value":null,"version":7}"#),
    ]);
    let push = Push::to_url(&server.url("/api-wsfn")).expect("an address");
    let mut session = push
        .rooms()
        .session::<String>(&ConnectionId::new(ID))
        .await
        .expect("it");
    session.set("b".into()).await.expect("set");
    session
        .update(|text| text.as_mut().expect("a text").push('!'))
        .await
        .expect("changed");
    assert_eq!(session.get().map(String::as_str), Some("z!"));
    session.clear().await.expect("cleared");
    assert_eq!((session.get(), session.version()), (None, 7));
    let asked: Vec<serde_json::Value> = server
        .bodies()
        .iter()
        .map(|body| serde_json::from_str(body).expect("JSON"))
        .collect();
    let session = |fields: serde_json::Value| {
        let mut socket = json!({ "action": "session", "secConnectionID": ID });
        let fields = fields.as_object().expect("an object").clone();
        socket.as_object_mut().expect("an object").extend(fields);
        json!({ "websocket": socket })
    };
    let expected = [
        json!({}),
        json!({ "set": "b", "version": 3 }),
        json!({ "set": "b!", "version": 4 }),
        json!({}),
        json!({ "set": "z!", "version": 5 }),
        json!({ "set": null, "version": 6 }),
    ];
    assert_eq!(asked, expected.map(session));
}

#[tokio::test]
async fn a_race_that_is_always_lost_ends() {
    let server = PushServer::start(PushAnswer::Http(200, r#"{"errNo":0,"version":1}"#)).await;
    let push = Push::to_url(&server.url("/api-wsfn")).expect("an address");
    let mut session = push
        .rooms()
        .session::<u32>(&ConnectionId::new(ID))
        .await
        .expect("it");
    let lost = PushAnswer::Http(409, r#"{"errNo":1106,"errMsg":"changed"}"#);
    let read = PushAnswer::Http(200, r#"{"errNo":0,"value":1,"version":9}"#);
    server.answer((0..40).flat_map(|_| [lost.clone(), read.clone()]));
    let mut tries = 0;
    let error = session
        .update(|count| {
            tries += 1;
            *count = Some(2);
        })
        .await
        .expect_err("lost");
    assert!(error.is_conflict(), "{error}");
    assert_eq!(tries, 16);
    // What was not taken is not there.
    assert_eq!(session.get(), Some(&1));
}

#[on_message]
async fn tell(session: Option<Session<u32>>) -> Text {
    Text(format!("{:?}", session.map(Session::into_inner)))
}

/// No gateway of ours sent the event, and none can be asked.
#[tokio::test]
async fn without_anybody_to_ask_there_is_none() {
    let event = format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"{ID}","dataType":"text","data":"x"}}}}"#
    );
    let reply = tell::main_handler(&event, &Context::default()).await;
    assert!(reply.contains("errNo\":0"), "{reply}");
}
