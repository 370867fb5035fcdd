// What is returned implements `IntoReply` for the event.

use wsfn::on_message;

#[on_message]
async fn talk() -> impl Copy {
    1_u8
}

fn main() {}
