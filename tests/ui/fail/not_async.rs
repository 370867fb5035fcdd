// A handler is an `async fn`.

use wsfn::{ConnectionId, on_message};

#[on_message]
fn talk(id: &ConnectionId) {
    let _ = id;
}

fn main() {}
