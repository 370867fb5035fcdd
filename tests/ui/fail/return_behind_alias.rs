// What is returned is an answer, whatever it is called.

use wsfn::on_message;

type Answer = Vec<u8>;

#[on_message]
async fn talk() -> Answer {
    Answer::new()
}

fn main() {}
