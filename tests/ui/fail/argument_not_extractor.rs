// An argument is an extractor.

use wsfn::on_message;

#[on_message]
async fn talk(body: Vec<u8>) {
    let _ = body;
}

fn main() {}
