// What a client sends comes in its message events; why it left comes as `CloseReason`.

use wsfn::{CloseReason, on_close};

#[on_close]
async fn leave(why: CloseReason) {
    println!("{why:?}");
}

wsfn::main!(leave);
