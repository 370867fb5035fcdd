// A text is lent, or a `String`.

use wsfn::on_message;

#[on_message]
async fn talk(text: Box<str>) {
    let _ = text;
}

fn main() {}
