//! The crate is `functions = { package = "wsfn" }`, and the macros are told.
#![deny(warnings)]

use functions::{ConnectionId, Result, Rooms, on_close, on_message};

#[on_message(crate = functions)]
async fn talk(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

#[on_close(crate = functions)]
async fn leave() {}

functions::main!(talk, leave, crate = functions);
