// Rooms are joined in the body, with `rooms.join`.

use wsfn::{ConnectionId, Result, Rooms, on_message};

#[on_message(crate = wsfn)]
async fn talk(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

wsfn::main!(talk);
