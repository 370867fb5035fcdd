// `#[derive(Serialize)]`, from `serde` with its feature `derive`.

use serde::Serialize;
use wsfn::{Json, on_message};

#[derive(Serialize)]
struct Line {
    text: String,
}

#[on_message]
async fn talk() -> Json<Line> {
    Json(Line {
        text: String::new(),
    })
}

wsfn::main!(talk);
