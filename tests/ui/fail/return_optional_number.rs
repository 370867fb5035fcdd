// What is inside an `Option` is an answer.

use wsfn::on_message;

#[on_message]
async fn talk(text: &str) -> Option<usize> {
    text.find('?')
}

fn main() {}
