// Only a message has a body: none can be optional elsewhere.

use wsfn::{Text, on_close};

#[on_close]
async fn leave(last: Option<Text>) {
    let _ = last;
}

fn main() {}
