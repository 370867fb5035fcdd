// What is wrong in the body is said once, by rustc.

use wsfn::{ConnectionId, Result, on_message};

#[on_message]
async fn talk(id: &ConnectionId) -> Result<()> {
    let count: u32 = id.as_str();
    let _ = count;
    Ok(())
}

fn main() {}
