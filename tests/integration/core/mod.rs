//! Events through handlers as a program has them: by `main_handler`, without a gateway.

mod bad_input;
mod codes;
mod extractors;
mod seed;

use wsfn::Context;

/// A connect event with this inside `websocket`, after the connection id, and this as `requestContext`.
fn connect(socket: &str, context: &str) -> String {
    format!(
        r#"{{"requestContext":{context},"websocket":{{"action":"connecting","secConnectionID":"x=="{socket}}}}}"#
    )
}

/// A message, text or binary.
fn message(data_type: &str, data: &str) -> String {
    let data = serde_json::to_string(data).expect("a string");
    format!(
        r#"{{"websocket":{{"action":"data send","secConnectionID":"x==","dataType":"{data_type}","data":{data}}}}}"#
    )
}

fn text(data: &str) -> String {
    message("text", data)
}

/// A close event with this inside `websocket`, after the connection id.
fn close(socket: &str) -> String {
    format!(r#"{{"websocket":{{"action":"closing","secConnectionID":"x=="{socket}}}}}"#)
}

/// A reply with this number and text, and nothing else.
fn error(err_no: i64, err_msg: &str) -> String {
    let err_msg = serde_json::to_string(err_msg).expect("a string");
    format!(r#"{{"errNo":{err_no},"errMsg":{err_msg}}}"#)
}

fn ok() -> String {
    error(0, "ok")
}

fn context() -> Context {
    Context::default()
}
