//! An application whose connections have sessions: in a test's own process, and as the program `keeper`.

use serde::{Deserialize, Serialize};
use wsfn::{App, ConnectionId, Gone, Result, Rooms, Session, Text, on_close, on_message};

/// Who a connection is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct User {
    /// A name.
    pub name: String,
    /// How much was written.
    pub lines: u32,
}

/// The application: a message is a command of two words.
pub fn app() -> App {
    wsfn::app![keep, leave]
}

#[on_message]
async fn keep(
    id: &ConnectionId,
    rooms: &Rooms,
    gone: Gone,
    mut session: Session<User>,
    line: &str,
) -> Result<Text> {
    let (command, word) = line.split_once(' ').unwrap_or((line, ""));
    let user = |name: &str| User {
        name: name.to_owned(),
        lines: 0,
    };
    match command {
        "be" => session.set(user(word)).await?,
        "clear" => session.clear().await?,
        "count" => {
            session
                .update(|user| {
                    if let Some(user) = user {
                        user.lines += 1;
                    }
                })
                .await?;
        }
        // Only a push can tell that nobody is there.
        "wait" => {
            rooms.push().text(id, "anybody there?").await.ok();
            gone.wait().await;
            return Ok(Text("gone".to_owned()));
        }
        // Somebody else sets it between the event and what the handler does.
        "lose" => {
            rooms.session(id).await?.set(user(word)).await?;
            let error = session.set(user("me")).await.expect_err("it was set");
            return Ok(Text(format!("{} {error}", error.is_conflict())));
        }
        "win" => {
            rooms.session(id).await?.set(user(word)).await?;
            let mut tries = 0;
            session
                .update(|user| {
                    tries += 1;
                    user.as_mut().expect("a user").lines += 10;
                })
                .await?;
            let User { name, lines } = session.get().expect("a user");
            return Ok(Text(format!("{name} {lines} {tries}")));
        }
        _ => {}
    }
    Ok(Text(told(&session)))
}

#[on_close]
async fn leave(rooms: &Rooms, mut session: Session<User>) -> Result<()> {
    let told = told(&session);
    let error = session.clear().await.expect_err("it is closed");
    rooms
        .everyone(format!("left: {told}, {}", error.is_gone()))
        .await?;
    Ok(())
}

fn told(session: &Session<User>) -> String {
    let version = session.version();
    match session.get() {
        Some(User { name, lines }) => format!("{name} {lines} v{version}"),
        None => format!("nobody v{version}"),
    }
}
