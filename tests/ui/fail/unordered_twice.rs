// An option stands once.

use wsfn::on_message;

#[on_message(unordered, unordered)]
async fn answer(question: &str) -> &str {
    question
}

fn main() {}
