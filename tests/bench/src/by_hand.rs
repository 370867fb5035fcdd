//! What a function does without wsfn: the same events, the same looks at the same fields, the same answers to what is
//! wrong with them, written by hand with `serde_json::Value`.

use std::hint::black_box;

use serde_json::{Value, json};

/// Answers one event.
pub fn answer(event: &str) -> String {
    match serde_json::from_str(event) {
        Ok(event) => answer_value(&event).to_string(),
        Err(error) => problem(1001, &format!("not an event: {error}")).to_string(),
    }
}

/// Answers one event that is read already.
pub fn answer_value(event: &Value) -> Value {
    let Some(socket) = event.get("websocket") else {
        return problem(102, "not found web socket");
    };
    let Some(action) = socket.get("action").and_then(Value::as_str) else {
        return problem(1001, "websocket.action: expected a string");
    };
    let Some(id) = socket.get("secConnectionID").and_then(Value::as_str) else {
        return problem(1001, "websocket.secConnectionID: expected a string");
    };
    match action {
        "connecting" => connect(event, socket, id),
        "data send" | "data recv" => message(socket, id),
        "closing" => {
            black_box(id);
            ok()
        }
        other => problem(1002, &format!("no handler for `{other}`")),
    }
}

fn connect(event: &Value, socket: &Value, id: &str) -> Value {
    if event.get("requestContext").is_none() {
        return problem(101, "not found request context");
    }
    let offered = match socket.get("secWebSocketProtocol") {
        None => "",
        Some(Value::String(offered)) => offered,
        Some(_) => return problem(1001, "websocket.secWebSocketProtocol: expected a string"),
    };
    let chosen = offered
        .split(',')
        .map(str::trim)
        .find(|offer| *offer == "chat.v1");
    let Some(chosen) = chosen else {
        return problem(1007, "none of the offered sub-protocols is spoken here");
    };
    let mut websocket =
        json!({"action": "connecting", "secConnectionID": id, "secWebSocketProtocol": chosen});
    if socket.get("secWebSocketExtensions").is_some() {
        websocket["secWebSocketExtensions"] = "".into();
    }
    json!({"errNo": 0, "errMsg": "ok", "websocket": websocket})
}

fn message(socket: &Value, id: &str) -> Value {
    match socket.get("dataType").and_then(Value::as_str) {
        Some("text") => {}
        Some("binary") => {
            return problem(1003, "expected a text message, found a binary one");
        }
        _ => return problem(1001, "websocket.dataType: expected `text` or `binary`"),
    }
    let Some(data) = socket.get("data").and_then(Value::as_str) else {
        return problem(1001, "websocket.data: expected a string");
    };
    let line: Value = match serde_json::from_str(data) {
        Ok(line) => line,
        Err(error) => return problem(1003, &format!("not JSON: {error}")),
    };
    let Some(room) = line.get("room").and_then(Value::as_str) else {
        return problem(1003, "room: expected a string");
    };
    let Some(text) = line.get("text").and_then(Value::as_str) else {
        return problem(1003, "text: expected a string");
    };
    black_box((id, room, text));
    ok()
}

fn ok() -> Value {
    json!({"errNo": 0, "errMsg": "ok"})
}

fn problem(err_no: i64, err_msg: &str) -> Value {
    json!({"errNo": err_no, "errMsg": err_msg})
}
