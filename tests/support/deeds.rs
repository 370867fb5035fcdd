//! A program that does what its clients ask for, in each of the ways in which something can come of an event. It is the
//! function behind the table of kinds, wherever that runs.

use std::process::Command;
use std::time::Duration;

use wsfn::{
    Accept, CloseReason, ConnectionId, Message, Protocols, Push, Refuse, RequestContext, Result,
    Rooms, on_close, on_connect, on_message,
};

const ROOM: &str = "all";

/// The path says what is to come of a connect.
#[on_connect]
async fn enter(
    id: &ConnectionId,
    context: RequestContext<'_>,
    offered: Protocols,
    rooms: &Rooms,
) -> Result<Accept> {
    match context.path.as_deref().unwrap_or_default() {
        "/room" => rooms.join(ROOM, id).await?,
        "/refuse" => return Err(Refuse::new(4001, "not today").into()),
        "/fail" => return Err("a secret of the inside".into()),
        path => end(path.trim_start_matches('/')).await,
    }
    Ok(offered.choose(&["b", "a"])?)
}

/// The text says what is to come of a message; bytes come back.
#[on_message]
async fn obey(
    id: &ConnectionId,
    message: Message,
    push: &Push,
    rooms: &Rooms,
) -> Result<Option<Message>> {
    let Message::Text(text) = &message else {
        return Ok(Some(message));
    };
    match text.as_str() {
        "push" => push.text(id, "pushed").await?,
        "broadcast" => {
            rooms.broadcast(ROOM, "to all").await?;
            return Ok(None);
        }
        "close" => {
            push.close_with(id, 4001, "enough").await?;
            return Ok(None);
        }
        "fail" => return Err("a secret of the inside".into()),
        other => end(other).await,
    }
    Ok(Some(message))
}

/// The room hears how somebody left.
#[on_close]
async fn leave(why: CloseReason, rooms: &Rooms) -> Result<()> {
    let (code, reason) = (why.code.unwrap_or_default(), why.reason.unwrap_or_default());
    rooms
        .broadcast(ROOM, format!("{code} {reason}").trim_end())
        .await?;
    Ok(())
}

/// The ways in which no answer comes.
async fn end(how: &str) {
    match how {
        "panic" => panic!("as told"),
        "hang" => std::future::pending().await,
        // Longer than any of its callers waits, and then it awaits.
        "block" => {
            std::thread::sleep(Duration::from_secs(20));
            std::future::pending().await
        }
        "exit" => std::process::exit(3),
        // It stands still, with all its threads, until it is killed.
        "stop" => {
            let id = std::process::id().to_string();
            let stopped = Command::new("kill").args(["-STOP", &id]).status();
            assert!(stopped.is_ok_and(|status| status.success()), "kill -STOP");
        }
        _ => {}
    }
}

wsfn::main!(enter, obey, leave);
