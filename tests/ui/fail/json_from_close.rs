// Only a message can be answered.

use wsfn::{Json, on_close};

#[on_close]
async fn leave() -> Json<u8> {
    Json(1)
}

fn main() {}
