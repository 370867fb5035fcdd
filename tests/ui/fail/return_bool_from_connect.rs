// What is returned is an answer.

use wsfn::{ConnectionId, on_connect};

#[on_connect]
async fn greet(id: &ConnectionId) -> bool {
    id.as_str().is_empty()
}

fn main() {}
