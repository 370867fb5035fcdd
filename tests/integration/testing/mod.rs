//! The test kit, tested: a test that passes a wrong program, or fails a right one, is a defect of the kit.

mod clients;
mod faults;
mod outcomes;
mod racing;
mod seeds;
mod starting;
mod unordered;
mod wrong;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use wsfn::testing::{RunningApp, TestApp};
use wsfn::{App, ConnectionId, Message, Result, Rooms, on_close, on_connect, on_message};

#[on_connect]
async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    rooms.join("lobby", id).await?;
    Ok(())
}

#[on_message]
async fn talk(rooms: &Rooms, line: Message) -> Result<()> {
    rooms.broadcast("lobby", line).await?;
    Ok(())
}

#[on_close]
async fn leave(rooms: &Rooms) -> Result<()> {
    rooms.broadcast("lobby", "someone left").await?;
    Ok(())
}

#[on_message]
async fn echo(message: Message) -> Message {
    message
}

async fn started(app: App) -> RunningApp {
    TestApp::new(app).start().await.expect("it starts")
}

/// A room: who sends a line, sends it to everyone.
async fn lobby() -> RunningApp {
    started(wsfn::app![enter, talk, leave]).await
}

/// With what a piece of a test panics.
async fn panic_of<T>(test: impl Future<Output = T>) -> String {
    let panic = match AssertUnwindSafe(test).catch_unwind().await {
        Ok(_) => panic!("it passed, and should have failed"),
        Err(panic) => panic,
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_owned(),
    }
}
