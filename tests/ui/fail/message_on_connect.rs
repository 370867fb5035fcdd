// Only a message has a body.

use wsfn::{Message, on_connect};

#[on_connect]
async fn greet(first: Message) {
    let _ = first;
}

fn main() {}
