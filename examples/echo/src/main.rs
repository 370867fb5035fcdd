use wsfn::{Message, on_message};

#[on_message]
async fn echo(message: Message) -> Message {
    message
}

wsfn::main!(echo);
