// What is inside the `Result` has to be an argument by itself.

use wsfn::{Json, Rejection, on_message};

#[on_message]
async fn talk(count: Result<Json<u32>, Rejection>) {
    match count {
        Ok(Json(count)) => println!("{count}"),
        Err(rejection) => println!("{rejection}"),
    }
}

wsfn::main!(talk);
