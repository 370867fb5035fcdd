//! Events that are none: each is answered with JSON, and the next event is handled.

use wsfn::{Extensions, Json, Protocols, on_connect, on_message};

use super::{context, message, ok, text};

#[on_message]
async fn talk(_message: wsfn::Message) {}

#[on_message]
async fn read(_line: Json<Vec<String>>) {}

#[on_connect]
async fn enter() {}

#[on_connect]
async fn greet(_offered: Protocols) {}

#[on_connect]
async fn greet_anyone(_offered: Option<Extensions>) {}

/// The number of an answer, which has to be JSON with a text.
fn err_no(answer: &str) -> i64 {
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    assert!(answer["errMsg"].is_string(), "{answer}");
    answer["errNo"].as_i64().expect("a number")
}

#[tokio::test]
async fn nothing_that_is_sent_does_harm() {
    let whole = text("hello");
    let mut bad = vec![
        String::new(),
        " ".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "7".to_owned(),
        "\u{feff}{}".to_owned(),
        "\0".to_owned(),
        r#"{"websocket":7}"#.to_owned(),
        r#"{"websocket":{"action":7}}"#.to_owned(),
        r#"{"websocket":{"action":"data send","secConnectionID":7,"dataType":"text","data":""}}"#
            .to_owned(),
        r#"{"websocket":{"action":"data send","secConnectionID":"x","dataType":"text","data":{}}}"#
            .to_owned(),
        r#"{"websocket":{"action":"data send","secConnectionID":"x","data":"x"}}"#.to_owned(),
        r#"{"websocket":{"action":"data send","dataType":"text","data":"x"}}"#.to_owned(),
        format!("{}x", text("two")),
        message("smell", "x"),
        message("binary", "no base64!"),
        "[".repeat(100_000),
        format!(r#"{{"a":{}"#, "[".repeat(100_000)),
    ];
    bad.extend((0..whole.len()).map(|end| whole[..end].to_owned()));
    for event in &bad {
        let answer = talk::main_handler(event, &context()).await;
        assert_eq!(err_no(&answer), 1001, "{event:.80} got {answer}");
    }
    assert_eq!(talk::main_handler(&whole, &context()).await, ok());
}

#[tokio::test]
async fn a_huge_message_is_one() {
    let huge = text(&"ä".repeat(3 << 20));
    assert_eq!(talk::main_handler(&huge, &context()).await, ok());
    let answer = read::main_handler(&huge, &context()).await;
    assert_eq!(err_no(&answer), 1003);
    assert!(answer.len() < 200, "{} bytes", answer.len());
    let deep = text(&"[".repeat(100_000));
    assert_eq!(err_no(&read::main_handler(&deep, &context()).await), 1003);
}

#[tokio::test]
async fn a_wrong_field_in_a_message_is_named() {
    for (event, named) in [
        (message("smell", "x"), "websocket.dataType"),
        (message("binary", "no base64!"), "websocket.data"),
        (r#"{"websocket":{"action":"data send","secConnectionID":7,"dataType":"text","data":""}}"#.to_owned(), "websocket.secConnectionID"),
    ] {
        let answer = talk::main_handler(&event, &context()).await;
        assert!(answer.contains(named), "{answer}");
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_not_told_what_is_wrong() {
    let event = r#"{"requestContext":{},"websocket":{"action":"connecting","secConnectionID":7}}"#;
    assert_eq!(
        enter::main_handler(event, &context()).await,
        r#"{"errNo":1001,"errMsg":"the event cannot be read"}"#
    );
    // Fields that no argument asked for are not looked at.
    let event = r#"{"requestContext":{"sourceIp":7,"headers":[]},"websocket":{"action":"connecting","secConnectionID":"x","secWebSocketProtocol":7,"secWebSocketExtensions":{}}}"#;
    let answer = enter::main_handler(event, &context()).await;
    assert_eq!(err_no(&answer), 0);
    // The key is there, so it is in the answer.
    assert!(
        answer.contains(r#""secWebSocketExtensions":"""#),
        "{answer}"
    );
    // Where an argument asks for one it is refused, also where it may be absent.
    for answer in [
        greet::main_handler(event, &context()).await,
        greet_anyone::main_handler(event, &context()).await,
    ] {
        assert_eq!(err_no(&answer), 1003, "{answer}");
    }
}
