// Only a message has a body.

use wsfn::on_connect;

#[on_connect]
async fn greet(text: &str) {
    let _ = text;
}

fn main() {}
