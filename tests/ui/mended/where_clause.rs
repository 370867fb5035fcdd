// Leave the `where` clause out.

use wsfn::{ConnectionId, on_connect};

#[on_connect]
async fn greet(id: &ConnectionId) {
    println!("{id:?}");
}

wsfn::main!(greet);
