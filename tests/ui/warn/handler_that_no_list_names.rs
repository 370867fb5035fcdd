// A handler that no list names is never called.

use wsfn::{on_close, on_message};

#[on_message]
async fn talk() {}

#[on_close]
async fn leave() {}

wsfn::main!(talk);
