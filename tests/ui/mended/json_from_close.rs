// The client has gone. What others have to know is pushed to them.

use wsfn::{Json, Result, Rooms, on_close};

#[on_close]
async fn leave(rooms: &Rooms) -> Result<()> {
    rooms.broadcast("lobby", Json(1)).await?;
    Ok(())
}

wsfn::main!(leave);
