// The sub-protocol is chosen when the client connects.

use wsfn::{Accept, Protocols, Refuse, on_connect};

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

wsfn::main!(greet);
