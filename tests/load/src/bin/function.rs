//! The function that is called under load: a text or bytes come back as they were, inside the reply, or as a push of
//! its own where `LOAD_ANSWER` is `push`. A client is in the room that its path names.

use std::sync::LazyLock;

use wsfn::{ConnectionId, Message, Push, RequestContext, Result, Rooms, on_connect, on_message};

static PUSHES: LazyLock<bool> =
    LazyLock::new(|| std::env::var("LOAD_ANSWER").is_ok_and(|how| how == "push"));

#[on_connect]
async fn enter(id: &ConnectionId, context: RequestContext<'_>, rooms: &Rooms) -> Result<()> {
    let room = context.path.as_deref().unwrap_or_default();
    match room.trim_start_matches('/') {
        "" => {}
        room => rooms.join(room, id).await?,
    }
    Ok(())
}

#[on_message]
async fn answer(id: &ConnectionId, message: Message, push: &Push) -> Result<Option<Message>> {
    if *PUSHES {
        push.message(id, message).await?;
        return Ok(None);
    }
    Ok(Some(message))
}

wsfn::main!(enter, answer);
