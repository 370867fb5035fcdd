//! How much an event allocates: what each kind needs is counted here, so that another one is a decision.
#![cfg(feature = "macros")]

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use wsfn::{
    Accept, ConnectionId, Context, Json, Protocols, Push, Refuse, Result, Rooms, on_close,
    on_connect, on_message,
};

#[derive(Deserialize)]
struct Line<'a> {
    room: &'a str,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

#[on_message]
async fn talk(
    id: &ConnectionId,
    text: &str,
    push: Option<&Push>,
    rooms: Option<&Rooms>,
    context: &Context,
    Json(line): Json<Line<'_>>,
) -> Result<()> {
    assert_eq!((id.as_str(), line.room, &*line.text), ("x==", "r", "hi"));
    assert!(text.len() > line.text.len() && &*context.request_id == "r-1");
    assert!(push.is_none() && rooms.is_none());
    Ok(())
}

#[on_close]
async fn leave(_id: &ConnectionId) {}

const CONNECT: &str = r#"{"requestContext":{"serviceName":"s"},"websocket":{"action":"connecting","secConnectionID":"x==","secWebSocketProtocol":"chat.v1,chat.v2","secWebSocketExtensions":"permessage-deflate"}}"#;
const MESSAGE: &str = r#"{"websocket":{"action":"data send","secConnectionID":"x==","dataType":"text","data":"{\"room\":\"r\",\"text\":\"hi\"}"}}"#;
const CLOSE: &str = r#"{"websocket":{"action":"closing","secConnectionID":"x=="}}"#;

/// Allocations of one event, once everything is made that is made once.
fn allocations<F: Future<Output = String>>(answer: impl Fn() -> F) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let run = || {
        let reply = runtime.block_on(answer());
        assert!(reply.starts_with(r#"{"errNo":0,"#), "{reply}");
    };
    run();
    allocation_counter::measure(run).count_total
}

#[test]
fn each_kind_of_event_allocates_what_it_needs() {
    let mut context = Context::default();
    context.request_id = Arc::from("r-1");
    // The event's text, the id, the box of the handler's future, the reply.
    let close = allocations(|| leave::main_handler(CLOSE, &context));
    assert_eq!(close, 4);
    // Those, and the message without its escapes: serde_json reads it into a buffer that grows twice, then it is kept.
    let message = allocations(|| talk::main_handler(MESSAGE, &context));
    assert_eq!(message, 8);
    // The four, the offer as an argument of its own, the sub-protocol that was chosen, and the growing reply.
    let connect = allocations(|| greet::main_handler(CONNECT, &context));
    assert_eq!(connect, 7);
}
