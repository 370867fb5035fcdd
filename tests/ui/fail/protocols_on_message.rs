// Only a connect event has a handshake.

use wsfn::{Protocols, on_message};

#[on_message]
async fn talk(offered: Protocols) {
    let _ = offered;
}

fn main() {}
