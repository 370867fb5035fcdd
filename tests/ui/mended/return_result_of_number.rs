// What is inside `Ok` has to be an answer.

use wsfn::{Json, Result, on_message};

#[on_message]
async fn talk() -> Result<Json<u32>> {
    Ok(Json(1))
}

wsfn::main!(talk);
