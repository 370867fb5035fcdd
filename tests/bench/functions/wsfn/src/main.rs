//! The function with wsfn: slim, with a push client.

use std::borrow::Cow;
use std::hint::black_box;

use serde::Deserialize;
use wsfn::{ConnectionId, Json, Push, Result, on_message};

#[derive(Deserialize)]
struct Line<'a> {
    room: &'a str,
    text: Cow<'a, str>,
}

#[on_message]
async fn talk(id: &ConnectionId, push: &Push, Json(line): Json<Line<'_>>) -> Result<()> {
    // No event of the benchmark does, but the client has to be there.
    if line.room == "echo" {
        push.text(id, &line.text).await?;
    }
    black_box((id.as_str(), line.room, &*line.text));
    Ok(())
}

wsfn::main!(talk);
