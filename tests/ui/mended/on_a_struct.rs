// A type that a handler needs is its argument.

use serde::Deserialize;
use wsfn::{Json, on_message};

#[derive(Deserialize)]
pub struct Talk {
    pub id: u8,
}

#[on_message]
async fn talk(Json(talk): Json<Talk>) {
    println!("{}", talk.id);
}

wsfn::main!(talk);
