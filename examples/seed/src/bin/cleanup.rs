//! *Cleanup*: a connection ended; another one may have to end too.

use wsfn::{ConnectionId, Push, RawEvent, Result, State, on_close};

/// `SEED_CLOSE`: whom to force offline.
struct Victim(Option<ConnectionId>);

impl State for Victim {
    async fn init() -> Result<Self> {
        let name = std::env::var("SEED_CLOSE").ok();
        Ok(Self(name.map(ConnectionId::new)))
    }
}

#[on_close]
async fn cleanup(victim: &Victim, push: Option<&Push>, event: RawEvent) -> RawEvent {
    if let Some(victim) = &victim.0 {
        match push {
            Some(push) => {
                if let Err(error) = push.close(victim).await {
                    eprintln!("{victim:?} stays: {error}");
                }
            }
            None => eprintln!("{victim:?} stays: push-url is not set"),
        }
    }
    event
}

wsfn::main!(cleanup);
