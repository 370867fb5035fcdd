// Say which type it is read as; any JSON is a `serde_json::Value`, or an enum of your own.

use serde::Deserialize;
use wsfn::{Json, on_message};

#[derive(Deserialize)]
enum Line {
    Say(String),
    Leave,
}

#[on_message]
async fn talk(Json(line): Json<Line>) {
    match line {
        Line::Say(text) => println!("{text}"),
        Line::Leave => println!("bye"),
    }
}

wsfn::main!(talk);
