// The alias has to stand for a type that can be an argument.

use wsfn::{Binary, on_message};

type Body = Binary;

#[on_message]
async fn talk(Binary(body): Body) {
    println!("{} bytes", body.len());
}

wsfn::main!(talk);
