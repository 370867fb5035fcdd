// Use `Arc` in place of `Rc`; or a block that ends before the `.await`.

use std::sync::Arc;
use wsfn::{ConnectionId, Result, Rooms, on_message};

#[on_message]
async fn talk(rooms: &Rooms, id: &ConnectionId) -> Result<()> {
    let count = Arc::new(1);
    rooms.join("lobby", id).await?;
    println!("{count}");
    Ok(())
}

wsfn::main!(talk);
