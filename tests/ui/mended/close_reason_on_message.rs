// Take it in the function for closes: it is known when the connection has ended.

use wsfn::{CloseReason, on_close};

#[on_close]
async fn leave(reason: CloseReason) {
    println!("{reason:?}");
}

wsfn::main!(leave);
