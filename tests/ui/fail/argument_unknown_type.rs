// A type that does not exist is one error.

use wsfn::on_message;

#[on_message]
async fn talk(body: Missing) {
    let _ = body;
}

fn main() {}
