// Once is enough.

use wsfn::on_message;

#[on_message(unordered)]
async fn answer(question: &str) -> &str {
    question
}

wsfn::main!(answer);
