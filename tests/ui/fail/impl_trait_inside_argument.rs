// An argument has a type, inside as well.

use serde::Deserialize;
use wsfn::{Json, on_message};

#[on_message]
async fn talk(line: Json<impl for<'de> Deserialize<'de>>) {
    let _ = line;
}

fn main() {}
