// The bytes of a binary message are lent as `&[u8]`; `Binary` is a copy of them, and `Message` takes texts too.

use wsfn::on_message;

#[on_message]
async fn talk(body: &[u8]) {
    println!("{} bytes", body.len());
}

wsfn::main!(talk);
