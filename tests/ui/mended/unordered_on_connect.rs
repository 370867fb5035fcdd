// The other event of a connection that is alone, its close, comes after its last message.

use wsfn::{Accept, Protocols, Refuse, on_connect};

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

wsfn::main!(greet);
