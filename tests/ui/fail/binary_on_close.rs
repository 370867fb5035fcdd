// Only a message has a body.

use wsfn::{Binary, on_close};

#[on_close]
async fn leave(last: Binary) {
    let _ = last;
}

fn main() {}
