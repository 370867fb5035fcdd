// Only a connect event has a handshake.

use wsfn::{Headers, on_close};

#[on_close]
async fn leave(headers: Headers) {
    let _ = headers;
}

fn main() {}
