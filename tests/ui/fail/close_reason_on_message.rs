// Only a close event has a reason.

use wsfn::{CloseReason, on_message};

#[on_message]
async fn talk(reason: CloseReason) {
    let _ = reason;
}

fn main() {}
