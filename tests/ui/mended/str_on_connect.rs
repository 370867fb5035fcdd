// Nothing has been sent yet; what the client says of itself stands in the handshake.

use wsfn::{Headers, on_connect};

#[on_connect]
async fn greet(headers: Headers) {
    println!("{:?}", headers.get("origin"));
}

wsfn::main!(greet);
