// What is returned is an answer.

use wsfn::on_message;

#[on_message]
async fn talk() -> u32 {
    1
}

fn main() {}
