//! The function is what it was, and `main_handler` is the same handler as a cloud calls it.
#![deny(warnings)]

use wsfn::{ConnectionId, Context, on_close, on_message};

#[on_message]
async fn talk(text: &str) -> Result<(), wsfn::Refuse> {
    Err(wsfn::Refuse::new(4000, text.to_uppercase()))
}

#[on_close]
async fn leave(id: &ConnectionId) {
    assert_eq!(id.as_str(), "an-id");
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() {
    let refused = talk("quiet").await.expect_err("always refuses");
    assert!(refused.to_string().contains("QUIET"), "{refused}");

    let event = r#"{"websocket":{"action":"data send","secConnectionID":"an-id","dataType":"text","data":"loud"}}"#;
    let reply = talk::main_handler(event, &Context::default()).await;
    assert!(reply.contains("4000") && reply.contains("LOUD"), "{reply}");

    let event = r#"{"websocket":{"action":"closing","secConnectionID":"an-id"}}"#;
    let reply = leave::main_handler(event, &Context::default()).await;
    assert!(reply.contains(r#""errNo":0"#), "{reply}");
}
