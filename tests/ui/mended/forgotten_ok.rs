// End the body with `Ok(())`.

use wsfn::{ConnectionId, Result, Rooms, on_message};

#[on_message]
async fn talk(rooms: &Rooms, id: &ConnectionId) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

wsfn::main!(talk);
