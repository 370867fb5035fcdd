// A wrong handler is one error even where it is listed.

use wsfn::{ConnectionId, on_connect};

#[on_connect]
pub fn greet(id: &ConnectionId) {
    let _ = id;
}

wsfn::main!(greet);
