// A text is lent or wrapped.

use wsfn::on_message;

#[on_message]
async fn talk(text: String) {
    let _ = text;
}

fn main() {}
