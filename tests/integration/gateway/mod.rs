//! What the embedded gateway promises about time and slow clients, with the defaults that people have: minutes, which
//! a test of real time would have to shorten to what a busy machine misses.

mod orders;
mod timers;

use wsfn::testing::{RunningApp, TestApp};
use wsfn::{CloseReason, ConnectionId, Message, Result, Rooms, on_close, on_connect, on_message};

/// Who is in it hears how others end.
#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("ends", id).await?;
    Ok(())
}

#[on_message]
async fn echo(message: Message) -> Message {
    message
}

#[on_close]
async fn leave(rooms: &Rooms, why: CloseReason) -> Result<()> {
    let code = why.code.unwrap_or_default();
    rooms.broadcast("ends", format!("{code}")).await?;
    Ok(())
}

async fn started(settings: &[(&str, &str)]) -> RunningApp {
    let mut app = TestApp::new(wsfn::app![enter, echo, leave]);
    for (name, value) in settings {
        app = app.setting(name, value);
    }
    app.start().await.expect("it starts")
}
