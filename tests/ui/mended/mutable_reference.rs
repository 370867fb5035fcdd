// `&Rooms` does everything. A state of yours that changes has a `Mutex` or an atomic inside.

use wsfn::{Rooms, on_message};

#[on_message]
async fn talk(rooms: &Rooms) {
    let _ = rooms;
}

wsfn::main!(talk);
