// A text is wrapped to be answered.

use wsfn::on_message;

#[on_message]
async fn talk(text: &str) -> String {
    text.to_owned()
}

fn main() {}
