// Only a message has a body.

use serde::Deserialize;
use wsfn::{Json, on_close};

#[derive(Deserialize)]
struct Line {
    _text: String,
}

#[on_close]
async fn leave(last: Json<Line>) {
    let _ = last;
}

fn main() {}
