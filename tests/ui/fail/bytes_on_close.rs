// Only a message has a body.

use wsfn::on_close;

#[on_close]
async fn leave(last: &[u8]) {
    let _ = last;
}

fn main() {}
