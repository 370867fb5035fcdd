// The query string is part of the handshake. To have the room later, join it now.

use serde::Deserialize;
use wsfn::{ConnectionId, Query, Result, Rooms, on_connect};

#[derive(Deserialize)]
struct Filter {
    room: String,
}

#[on_connect]
async fn greet(id: &ConnectionId, rooms: &Rooms, Query(filter): Query<Filter>) -> Result<()> {
    rooms.join(&filter.room, id).await?;
    Ok(())
}

wsfn::main!(greet);
