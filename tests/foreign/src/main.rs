//! Register, transfer and cleanup in one function, with the crate `tencent_scf`: it accepts everyone with the first
//! sub-protocol that is offered, sends back what it gets, and panics where it is told to.

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use tencent_scf::{convert::AsJson, make_scf, start, Context};

#[derive(Deserialize, Serialize, AsJson)]
#[serde(transparent)]
struct Json(Value);

fn handle(event: Json, context: Context) -> Result<Json, String> {
    let socket = &event.0["websocket"];
    println!("{} of {}: {}", context.request_id, context.function_name, event.0);
    match socket["action"].as_str() {
        Some("connecting") => {
            if event.0["requestContext"].is_null() {
                return Ok(Json(json!({"errNo": 101, "errMsg": "not found request context"})));
            }
            let mut accepted = json!({
                "action": "connecting",
                "secConnectionID": socket["secConnectionID"],
            });
            if let Some(offered) = socket["secWebSocketProtocol"].as_str() {
                accepted["secWebSocketProtocol"] = offered.split(',').next().into();
            }
            Ok(Json(json!({"errNo": 0, "errMsg": "ok", "websocket": accepted})))
        }
        Some("data send") => {
            if socket["data"] == "panic" {
                panic!("as told");
            }
            let url = std::env::var("PUSH_URL").map_err(|error| error.to_string())?;
            let push = json!({"websocket": socket}).to_string();
            ureq::post(&url).send_string(&push).map_err(|error| error.to_string())?;
            Ok(event)
        }
        _ => Ok(event),
    }
}

fn main() {
    start(make_scf(handle));
}
