// A handler is a free function.

use wsfn::{ConnectionId, on_message};

struct Chat;

impl Chat {
    #[on_message]
    async fn talk(&self, id: &ConnectionId) {
        let _ = id;
    }
}

fn main() {}
