// Nothing has been sent yet. The first message comes with its own event.

use wsfn::{Message, on_message};

#[on_message]
async fn talk(first: Message) {
    println!("{first:?}");
}

wsfn::main!(talk);
