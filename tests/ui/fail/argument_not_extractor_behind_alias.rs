// An argument is an extractor, whatever it is called.

use wsfn::on_message;

type Body = Vec<u8>;

#[on_message]
async fn talk(body: Body) {
    let _ = body;
}

fn main() {}
