//! Every lint of clippy's pedantic group, on a program as people write them.
#![deny(warnings, clippy::all, clippy::pedantic)]

use wsfn::{Accept, ConnectionId, Protocols, Refuse, Result, Rooms, on_close, on_connect, on_message};

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

#[on_message]
async fn talk(id: &ConnectionId, rooms: &Rooms, line: &str) -> Result<()> {
    rooms.join("lobby", id).await?;
    rooms.broadcast("lobby", line).await?;
    Ok(())
}

#[on_close]
async fn leave() {}

wsfn::main!(greet, talk, leave);
