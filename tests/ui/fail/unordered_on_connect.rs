// Only messages can be unordered.

use wsfn::{Accept, Protocols, Refuse, on_connect};

#[on_connect(unordered)]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

fn main() {}
