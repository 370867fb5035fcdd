// It is there or it is not.

use wsfn::on_message;

#[on_message(unordered)]
async fn answer(question: &str) -> &str {
    question
}

wsfn::main!(answer);
