// `&str` is the text.

use wsfn::on_message;

#[on_message]
async fn talk(text: &str) {
    println!("{text}");
}

wsfn::main!(talk);
