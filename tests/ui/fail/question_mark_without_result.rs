// `?` needs a `Result` to return.

use wsfn::{ConnectionId, Rooms, on_message};

#[on_message]
async fn talk(rooms: &Rooms, id: &ConnectionId) {
    rooms.join("lobby", id).await?;
}

fn main() {}
