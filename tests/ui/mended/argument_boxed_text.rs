// `&str` borrows the text; `String` is a copy to keep.

use wsfn::on_message;

#[on_message]
async fn talk(text: String) {
    let text: Box<str> = text.into();
    println!("{text}");
}

wsfn::main!(talk);
