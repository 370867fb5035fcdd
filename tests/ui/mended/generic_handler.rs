// Write which type it is called with.

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
