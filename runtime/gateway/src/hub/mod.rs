//! What the gateway knows of its connections, and what pushes do to them.

use wsfn_protocol::{Answer, ErrNo, Request};
use wsfn_settings::Settings;

/// Does what functions ask of the gateway: pushes, rooms, sessions. A clone is the same gateway.
#[derive(Debug, Clone)]
pub struct Handle {}

impl Handle {
    /// A gateway without connections, within the bounds of the settings.
    #[must_use]
    pub fn new(_settings: &Settings) -> Self {
        Self {}
    }

    /// Does what a push asks for: writes or queues, and never waits. The answer is what the push endpoint would send.
    #[must_use]
    pub fn act(&self, _request: &Request<'_>) -> Answer {
        Answer::error(ErrNo::GONE, "no such connection")
    }
}
