// Only a connect event can be accepted.

use wsfn::{Accept, on_message};

#[on_message]
async fn talk() -> Accept {
    Accept::new()
}

fn main() {}
