// Who is not connected yet cannot be sent anything. Accept first; answer the first message.

use wsfn::on_message;

#[on_message]
async fn talk() -> &'static str {
    "hello"
}

wsfn::main!(talk);
