// Let go of the lock before the `.await`; or take `tokio::sync::Mutex`.

use std::sync::Mutex;
use wsfn::{ConnectionId, Result, Rooms, on_message};

static COUNT: Mutex<u32> = Mutex::new(0);

#[on_message]
async fn talk(rooms: &Rooms, id: &ConnectionId) -> Result<()> {
    *COUNT.lock().map_err(|_| "poisoned")? += 1;
    rooms.join("lobby", id).await?;
    Ok(())
}

wsfn::main!(talk);
