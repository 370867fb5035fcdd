// A handler has no type parameters.

use serde::de::DeserializeOwned;
use wsfn::{Json, on_message};

#[on_message]
async fn talk<T: DeserializeOwned + Send>(Json(line): Json<T>) {
    let _ = line;
}

fn main() {}
