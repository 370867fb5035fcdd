//! *Transfer*: forwards what a client sent, as JSON, and answers with the event.

use std::borrow::Cow;

use serde::Deserialize;
use wsfn::{ConnectionId, Push, RawEvent, Result, State, on_message};

/// `SEED_FORWARD_TO`: to whom, instead of the sender.
struct ForwardTo(Option<ConnectionId>);

impl State for ForwardTo {
    async fn init() -> Result<Self> {
        let name = std::env::var("SEED_FORWARD_TO").ok();
        Ok(Self(name.map(ConnectionId::new)))
    }
}

/// The event as the sample reads it: `data` is what stands there, base64 in a binary message.
#[derive(Deserialize)]
struct Event<'e> {
    #[serde(borrow)]
    websocket: Websocket<'e>,
}

#[derive(Deserialize)]
struct Websocket<'e> {
    #[serde(borrow)]
    data: Cow<'e, str>,
}

#[on_message]
async fn transfer(
    id: &ConnectionId,
    to: &ForwardTo,
    push: &Push,
    event: RawEvent,
) -> Result<RawEvent> {
    let read: Event<'_> = serde_json::from_str(event.as_str())?;
    let to = to.0.as_ref().unwrap_or(id);
    // The sample does not look at what becomes of its push.
    if let Err(error) = push.json(to, &read.websocket.data).await {
        eprintln!("not forwarded to {to:?}: {error}");
    }
    Ok(event)
}

wsfn::main!(transfer);
