// Take it in the function for connects: the sub-protocol is chosen there.

use wsfn::{Accept, Protocols, Refuse, on_connect};

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

wsfn::main!(greet);
