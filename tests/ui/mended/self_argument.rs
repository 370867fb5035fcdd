// A function of its own; what was `self` is an argument that implements `State`.

use wsfn::{ConnectionId, Result, State, on_message};

struct Chat;

impl State for Chat {
    async fn init() -> Result<Self> {
        Ok(Self)
    }
}

#[on_message]
async fn talk(chat: &Chat, id: &ConnectionId) {
    let _ = (chat, id);
}

wsfn::main!(talk);
