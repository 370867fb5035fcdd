// What is held across an `.await` can go to another thread.

use std::rc::Rc;
use wsfn::{ConnectionId, Result, Rooms, on_message};

#[on_message]
async fn talk(rooms: &Rooms, id: &ConnectionId) -> Result<()> {
    let count = Rc::new(1);
    rooms.join("lobby", id).await?;
    let _ = count;
    Ok(())
}

fn main() {}
