// Write `async fn`; the body need not wait for anything.

use wsfn::{ConnectionId, on_message};

#[on_message]
async fn talk(id: &ConnectionId) {
    println!("{id:?}");
}

wsfn::main!(talk);
