// Read the headers when the client connects, and keep what you need.

use wsfn::{Headers, on_connect};

#[on_connect]
async fn greet(headers: Headers) {
    println!("{:?}", headers.get("user-agent"));
}

wsfn::main!(greet);
