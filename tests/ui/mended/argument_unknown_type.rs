// Write the type, or import it.

use wsfn::{Text, on_message};

#[on_message]
async fn talk(Text(body): Text) {
    println!("{body}");
}

wsfn::main!(talk);
