// Say which type goes back.

use wsfn::{Json, on_message};

#[on_message]
async fn talk() -> Json<u8> {
    Json(1)
}

wsfn::main!(talk);
