// A handler asks nothing of types.

use wsfn::{ConnectionId, on_connect};

#[on_connect]
async fn greet(id: &ConnectionId)
where
    ConnectionId: Clone,
{
    let _ = id;
}

fn main() {}
