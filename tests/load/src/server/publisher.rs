//! Who publishes to a room, over HTTP, as each server wants it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use wsfn_load::post::Poster;

/// Where to publish, and how.
#[derive(Debug, Clone)]
pub(crate) enum Publishing {
    Bare(SocketAddr),
    /// The push endpoint, and its path.
    Ours(SocketAddr, &'static str),
    Nchan(SocketAddr),
    Pushpin(SocketAddr),
}

/// One connection that publishes to one room.
pub(crate) struct Publisher {
    publishing: Publishing,
    room: String,
    poster: Poster,
}

impl Publisher {
    pub(super) fn new(publishing: Publishing, room: &str) -> Self {
        let address = match &publishing {
            Publishing::Bare(address)
            | Publishing::Ours(address, _)
            | Publishing::Nchan(address)
            | Publishing::Pushpin(address) => *address,
        };
        Self {
            publishing,
            room: room.to_owned(),
            poster: Poster::new(address),
        }
    }

    /// Publishes a text. Where the server says how many it reached, that has to be `to_all`.
    pub(crate) async fn publish(&mut self, text: &str, to_all: Option<usize>) -> Result<()> {
        let room = &self.room;
        let (path, body) = match &self.publishing {
            Publishing::Bare(_) => ("/".to_owned(), text.to_owned()),
            Publishing::Nchan(_) => (format!("/publish?id={room}"), text.to_owned()),
            Publishing::Ours(_, path) => {
                let push =
                    json!({"action": "broadcast", "room": room, "dataType": "text", "data": text});
                ((*path).to_owned(), json!({"websocket": push}).to_string())
            }
            Publishing::Pushpin(_) => {
                let item = json!({"channel": room, "formats": {"ws-message": {"content": text}}});
                ("/publish/".to_owned(), json!({"items": [item]}).to_string())
            }
        };
        let (status, body) = self.poster.post(&path, body).await?;
        ensure!(
            (200..300).contains(&status),
            "not published: {status} {body}"
        );
        if matches!(self.publishing, Publishing::Ours(..)) {
            let answer: Value = serde_json::from_str(&body).with_context(|| body.clone())?;
            ensure!(answer["errNo"] == 0, "not published: {body}");
            let reached = to_all.is_none_or(|members| answer["delivered"] == members);
            ensure!(reached, "not to all {to_all:?}: {body}");
        }
        Ok(())
    }
}
