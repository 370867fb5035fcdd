// An event is shared: nothing of it is lent for writing.

use wsfn::{Rooms, on_message};

#[on_message]
async fn talk(rooms: &mut Rooms) {
    let _ = rooms;
}

fn main() {}
