//! An application that does with rooms what a message asks for, and answers with what came of it.

use serde::{Deserialize, Serialize};
use wsfn::{App, ConnectionId, Json, Report, Result, Rooms, RoomsError, on_close, on_message};

/// What a message asks for.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
#[expect(missing_docs, reason = "the parameters of the calls of the same names")]
pub enum Ask {
    /// Who the sender is.
    Me,
    Join {
        room: String,
        id: String,
    },
    /// Puts as many into it that no gateway knows.
    Fill {
        room: String,
        number: usize,
    },
    Leave {
        room: String,
        id: String,
    },
    LeaveAll {
        id: String,
    },
    Of {
        id: String,
    },
    Count {
        room: String,
    },
    Members {
        room: String,
        limit: usize,
    },
    Present {
        room: String,
    },
    Broadcast {
        rooms: Vec<String>,
        text: String,
        except: Vec<String>,
    },
    Set {
        id: String,
        value: String,
    },
    /// Reads it, has somebody else set it, and sets it then.
    Lose {
        id: String,
    },
    Get {
        id: String,
    },
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "what the calls give")]
pub struct Told {
    /// That this is an answer, and no broadcast.
    pub told: bool,
    pub names: Vec<String>,
    pub count: usize,
    /// The lengths of pages.
    pub pages: Vec<usize>,
    pub delivered: usize,
    pub failed: usize,
    pub value: Option<String>,
    pub gone: bool,
    pub limit: Option<String>,
    pub conflict: bool,
    pub error: Option<String>,
}

/// What the close handler says to a room whose name begins with `watched`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "what it reads")]
pub struct Left {
    pub left: String,
    pub rooms: Vec<String>,
    pub session: Option<String>,
    /// How many are in the watched room still.
    pub count: usize,
    /// Whether it could join again.
    pub joined: bool,
}

/// The application.
#[must_use]
pub fn app() -> App {
    wsfn::app![obey, leave]
}

#[on_message]
async fn obey(id: &ConnectionId, rooms: &Rooms, Json(ask): Json<Ask>) -> Result<Json<Told>> {
    let told = match done(id, rooms, ask).await {
        Ok(told) => told,
        Err(error) => Told {
            gone: error.is_gone(),
            limit: error.is_too_large().then(|| error.to_string()),
            conflict: error.is_conflict(),
            error: Some(error.to_string()),
            ..Told::default()
        },
    };
    Ok(Json(Told { told: true, ..told }))
}

async fn done(me: &ConnectionId, rooms: &Rooms, ask: Ask) -> Result<Told, RoomsError> {
    let mut told = Told::default();
    match ask {
        Ask::Me => told.names.push(me.as_str().to_owned()),
        Ask::Join { room, id } => rooms.join(room, &id.into()).await?,
        Ask::Fill { room, number } => {
            for at in 0..number {
                rooms.join(&room, &format!("member-{at:06}").into()).await?;
            }
        }
        Ask::Leave { room, id } => rooms.leave(room, &id.into()).await?,
        Ask::LeaveAll { id } => rooms.leave_all(&id.into()).await?,
        Ask::Of { id } => {
            told.names = rooms.of(&id.into()).await?;
            told.names.sort();
        }
        Ask::Count { room } => told.count = rooms.count(room).await?,
        Ask::Members { room, limit } => {
            let mut members = rooms.members(room).limit(limit);
            while let Some(page) = members.next().await? {
                told.count = page.count;
                told.pages.push(page.ids.len());
                let ids = page.ids.iter().map(|id| id.as_str().to_owned());
                told.names.extend(ids);
            }
        }
        Ask::Present { room } => {
            for member in rooms.members_with::<String>(room).all().await? {
                let value = member.session.unwrap_or_default();
                told.names.push(format!("{} {value}", member.id.as_str()));
            }
        }
        Ask::Broadcast {
            rooms: names,
            text,
            except,
        } => {
            let except: Vec<ConnectionId> = except.into_iter().map(Into::into).collect();
            let report = rooms.broadcast_many(names, text).except(&except).await?;
            println!("{}", shown(&report));
            told.delivered = report.delivered();
            told.failed = report.failed_count();
        }
        Ask::Set { id, value } => {
            let mut session = rooms.session::<String>(&id.into()).await?;
            session.set(value).await?;
        }
        Ask::Lose { id } => {
            let id = id.into();
            let mut session = rooms.session::<String>(&id).await?;
            let mut other = rooms.session::<String>(&id).await?;
            other.set("another".to_owned()).await?;
            session.set("mine".to_owned()).await?;
        }
        Ask::Get { id } => {
            let session = rooms.session::<String>(&id.into()).await?;
            told.value = session.get().cloned();
        }
    }
    Ok(told)
}

/// What became of a broadcast, in a line.
fn shown(report: &Report) -> String {
    let failed = || report.failed().iter();
    format!(
        "broadcast {} delivered, {} failed, {} gone, {} too late, {}",
        report.delivered(),
        report.failed_count(),
        failed().filter(|one| one.error.is_gone()).count(),
        failed().filter(|one| one.error.is_timeout()).count(),
        if report.is_whole() { "whole" } else { "cut" }
    )
}

#[on_close]
async fn leave(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
    let mut of = rooms.of(id).await?;
    of.sort();
    println!("left {} {}", id.as_str(), of.len());
    let watched = of.iter().find(|room| room.starts_with("watched"));
    let Some(watched) = watched.cloned() else {
        return Ok(());
    };
    let session = rooms.session::<String>(id).await?;
    let left = Left {
        left: id.as_str().to_owned(),
        rooms: of,
        session: session.get().cloned(),
        count: rooms.count(&watched).await?,
        joined: rooms.join("back", id).await.is_ok(),
    };
    rooms.broadcast(&watched, Json(left)).await?;
    Ok(())
}
