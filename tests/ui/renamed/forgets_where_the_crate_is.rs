// The crate is `functions = { package = "wsfn" }`, and the macro is not told.

use functions::{ConnectionId, Result, Rooms, on_message};

#[on_message]
async fn talk(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

fn main() {}
