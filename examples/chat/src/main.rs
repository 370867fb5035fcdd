use serde::{Deserialize, Serialize};
use wsfn::{Accept, ConnectionId, Json, Protocols, Refuse, Result, Rooms, on_connect, on_message};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Join {
        room: String,
        name: String,
    },
    Say {
        room: String,
        name: String,
        text: String,
    },
}

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

#[on_message]
async fn talk(id: &ConnectionId, rooms: &Rooms, Json(line): Json<Line>) -> Result<()> {
    let (Line::Join { room, .. } | Line::Say { room, .. }) = &line;
    rooms.join(room, id).await?; // joining again is harmless
    rooms.broadcast(room, Json(&line)).await?;
    Ok(())
}

fn main() -> Result<()> {
    wsfn::app![greet, talk]
        .page(include_str!("page.html"))
        .run()
}

#[cfg(test)]
mod tests;
