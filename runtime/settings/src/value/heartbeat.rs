//! Texts that the gateway answers by itself.

/// A text that clients send to keep a connection alive, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// What the client sends.
    pub ping: String,
    /// What it gets.
    pub pong: String,
}

impl Heartbeat {
    /// Reads `ping=pong`. The first `=` counts.
    ///
    /// # Errors
    /// When there is none, or nothing before it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((ping, pong)) if !ping.is_empty() => Ok(Self {
                ping: ping.to_owned(),
                pong: pong.to_owned(),
            }),
            _ => Err("expected a text and its answer, such as ping=pong".to_owned()),
        }
    }
}
