// A lock of the standard library is not held across an `.await`.

use std::sync::Mutex;
use wsfn::{ConnectionId, Result, Rooms, on_message};

static COUNT: Mutex<u32> = Mutex::new(0);

#[on_message]
async fn talk(rooms: &Rooms, id: &ConnectionId) -> Result<()> {
    let mut count = COUNT.lock().map_err(|_| "poisoned")?;
    rooms.join("lobby", id).await?;
    *count += 1;
    Ok(())
}

fn main() {}
