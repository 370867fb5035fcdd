// Arguments stand side by side.

use wsfn::{ConnectionId, Rooms, on_message};

#[on_message]
async fn talk((id, rooms): (ConnectionId, Rooms)) {
    let _ = (id, rooms);
}

fn main() {}
