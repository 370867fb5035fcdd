// `#[derive(Deserialize)]`, from `serde` with its feature `derive`.

use serde::Deserialize;
use wsfn::{Json, on_message};

#[derive(Deserialize)]
struct Line {
    text: String,
}

#[on_message]
async fn talk(line: Option<Json<Line>>) {
    if let Some(Json(line)) = line {
        println!("{}", line.text);
    }
}

wsfn::main!(talk);
