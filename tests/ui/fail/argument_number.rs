// A number comes inside `Json`.

use wsfn::{ConnectionId, on_message};

#[on_message]
async fn talk(id: &ConnectionId, count: u32) {
    let _ = (id, count);
}

fn main() {}
