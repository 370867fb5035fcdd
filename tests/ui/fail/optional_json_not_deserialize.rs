// What JSON becomes says how, inside an `Option` too.

use wsfn::{Json, on_message};

struct Line {
    _text: String,
}

#[on_message]
async fn talk(line: Option<Json<Line>>) {
    let _ = line;
}

fn main() {}
