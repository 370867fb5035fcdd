//! Another attribute above or below.
#![deny(warnings)]

use wsfn::{Accept, ConnectionId, Json, Result, Rooms, on_close, on_connect, on_message};

#[tracing::instrument]
#[on_connect]
async fn greet(id: &ConnectionId) -> Accept {
    let _ = id;
    Accept::new()
}

#[tracing::instrument(skip(rooms))]
#[on_message]
async fn above(id: &ConnectionId, rooms: &Rooms, Json(count): Json<u8>) -> Result<Json<u8>> {
    rooms.join("lobby", id).await?;
    Ok(Json(count))
}

#[on_close]
#[tracing::instrument(skip(rooms))]
async fn below(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.leave_all(id).await?;
    Ok(())
}

wsfn::main!(greet, above, below);
