// On a function outside; what was `self` is an argument that implements `State`.

use wsfn::{Result, State, on_close};

struct Chat;

impl State for Chat {
    async fn init() -> Result<Self> {
        Ok(Self)
    }
}

#[on_close]
async fn leave(chat: &Chat) {
    let _ = chat;
}

wsfn::main!(leave);
