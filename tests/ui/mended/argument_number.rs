// `Json` reads it from the text of the message.

use wsfn::{ConnectionId, Json, on_message};

#[on_message]
async fn talk(id: &ConnectionId, Json(count): Json<u32>) {
    println!("{count} from {id:?}");
}

wsfn::main!(talk);
