// Write `async fn`; the body need not wait for anything.

use wsfn::{ConnectionId, on_connect};

#[on_connect]
pub async fn greet(id: &ConnectionId) {
    println!("{id:?}");
}

wsfn::main!(greet);
