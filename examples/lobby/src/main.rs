use wsfn::{ConnectionId, Result, Rooms, on_close, on_connect, on_message};

#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

#[on_message]
async fn talk(rooms: &Rooms, line: &str) -> Result<()> {
    rooms.broadcast("lobby", line).await?;
    Ok(())
}

#[on_close]
async fn leave(rooms: &Rooms) -> Result<()> {
    rooms.broadcast("lobby", "someone left").await?;
    Ok(())
}

wsfn::main!(enter, talk, leave);

#[cfg(test)]
mod tests;
