//! Types and handlers under other names.
#![deny(warnings)]

use serde::Deserialize;
use wsfn::{ConnectionId, Json, Result, Rooms};

#[derive(Deserialize)]
pub struct In<'a> {
    room: &'a str,
}

type Line<'a> = Json<In<'a>>;
type Outcome = Result<()>;

mod handlers {
    use super::{ConnectionId, In, Json, Line, Outcome, Rooms};

    #[wsfn::on_message]
    #[allow(clippy::toplevel_ref_arg, reason = "a pattern that nobody needs and rustc takes")]
    pub async fn talk(
        mut line: Line<'_>,
        Json(In { room }): Json<In<'_>>,
        ref rooms: Rooms,
        _: &ConnectionId,
    ) -> Outcome {
        line.0.room = room;
        rooms.count(line.0.room).await?;
        Ok(())
    }

    #[wsfn::on_close]
    pub async fn talk_no_more(_: &ConnectionId) {}
}
pub use handlers::talk_no_more as bye;

wsfn::main!(handlers::talk, self::bye);
