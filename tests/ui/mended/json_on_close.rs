// What a client sends comes in its message events.

use serde::Deserialize;
use wsfn::{Json, on_message};

#[derive(Deserialize)]
struct Line {
    text: String,
}

#[on_message]
async fn talk(Json(line): Json<Line>) {
    println!("{}", line.text);
}

wsfn::main!(talk);
