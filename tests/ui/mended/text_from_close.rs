// The client has gone. What others have to know is pushed to them.

use wsfn::{Result, Rooms, on_close};

#[on_close]
async fn leave(rooms: &Rooms) -> Result<()> {
    rooms.broadcast("lobby", "bye").await?;
    Ok(())
}

wsfn::main!(leave);
