//! One event of each kind.

use serde_json::json;

/// A connect, as Tencent's documents have it.
pub const CONNECT: &str = r#"{"requestContext":{"serviceName":"testsvc","path":"/test/{testvar}","httpMethod":"GET","requestId":"c6af9ac6-7b61-11e6-9a41-93e8deadbeef","identity":{"secretId":"abdcdxxxxxxxsdfs"},"sourceIp":"10.0.2.14","stage":"prod","websocketEnable":true},"websocket":{"action":"connecting","secConnectionID":"q6GqgUZXs0wcGyZLOBDVjA==","secWebSocketProtocol":"chat.v1,chat.v2","secWebSocketExtensions":"permessage-deflate; client_max_window_bits"}}"#;

/// A close.
pub const CLOSE: &str =
    r#"{"websocket":{"action":"closing","secConnectionID":"q6GqgUZXs0wcGyZLOBDVjA=="}}"#;

/// A message of about 600 bytes, with JSON in it.
pub fn message() -> String {
    let line = json!({"room": "lobby", "text": "lorem ipsum ".repeat(36)}).to_string();
    json!({"websocket": {"action": "data send", "secConnectionID": "q6GqgUZXs0wcGyZLOBDVjA==", "dataType": "text", "data": line}})
        .to_string()
}
