// Only a message can be answered.

use wsfn::on_connect;

#[on_connect]
async fn greet() -> &'static str {
    "hello"
}

fn main() {}
