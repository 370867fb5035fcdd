// What is inside a `Result` is an answer.

use wsfn::{Result, on_message};

#[on_message]
async fn talk() -> Result<u32> {
    Ok(1)
}

fn main() {}
