//! The function with `lambda_runtime`, which speaks Lambda's paths. Logging is set up as its template has it. On a
//! current-thread runtime, where it is at its best: on several threads it opens a connection for every few events.

#[path = "../../../src/by_hand.rs"]
#[expect(dead_code, reason = "the event is read by the runtime")]
mod by_hand;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::tracing::init_default_subscriber();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        Ok::<_, Error>(by_hand::answer_value(&event.payload))
    }))
    .await
}
