// A number goes back as JSON, or as text.

use wsfn::{Json, on_message};

#[on_message]
async fn talk() -> Json<u32> {
    Json(1)
}

wsfn::main!(talk);
