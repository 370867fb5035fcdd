// What is inside the `Option` has to be an argument by itself.

use wsfn::{Json, on_message};

#[on_message]
async fn talk(count: Option<Json<u32>>) {
    if let Some(Json(count)) = count {
        println!("{count}");
    }
}

wsfn::main!(talk);
