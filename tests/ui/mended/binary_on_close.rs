// What a client sends comes in its message events; keep what the close has to know.

use wsfn::{Binary, on_message};

#[on_message]
async fn talk(Binary(bytes): Binary) {
    println!("{} bytes", bytes.len());
}

wsfn::main!(talk);
