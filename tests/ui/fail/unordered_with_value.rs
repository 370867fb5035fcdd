// `unordered` takes no value.

use wsfn::on_message;

#[on_message(unordered = true)]
async fn answer(question: &str) -> &str {
    question
}

fn main() {}
