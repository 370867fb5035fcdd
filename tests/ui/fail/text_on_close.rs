// Only a message has a body.

use wsfn::{Text, on_close};

#[on_close]
async fn leave(last: Text) {
    let _ = last;
}

fn main() {}
