// What becomes JSON says how.

use wsfn::{Json, on_message};

struct Line {
    _text: String,
}

#[on_message]
async fn talk() -> Json<Line> {
    Json(Line { _text: String::new() })
}

fn main() {}
