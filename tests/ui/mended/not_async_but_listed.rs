// `async fn`.

use wsfn::{ConnectionId, on_connect};

#[on_connect]
pub async fn greet(id: &ConnectionId) {
    println!("{id:?}");
}

wsfn::main!(greet);
