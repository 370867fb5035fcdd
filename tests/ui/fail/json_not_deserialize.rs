// What JSON becomes says how.

use wsfn::{Json, on_message};

struct Line {
    _text: String,
}

#[on_message]
async fn talk(Json(line): Json<Line>) {
    let _ = line;
}

fn main() {}
