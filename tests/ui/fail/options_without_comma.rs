// Options have commas between them.

use wsfn::on_message;

#[on_message(unordered crate = wsfn)]
async fn answer(question: &str) -> &str {
    question
}

fn main() {}
