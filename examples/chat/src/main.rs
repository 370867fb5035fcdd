use serde::{Deserialize, Serialize};
use wsfn::{
    Accept, ConnectionId, Json, Protocols, Refuse, Result, Rooms, Session, on_close, on_connect,
    on_message,
};

/// Who somebody is, which is kept with the connection.
#[derive(Clone, Deserialize, Serialize)]
struct User {
    room: String,
    name: String,
}

/// What clients send.
#[derive(Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Wish {
    Join(User),
    Say { text: String },
}

/// What everyone in a room gets.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum News {
    Join { name: String, here: Vec<String> },
    Leave { name: String, here: Vec<String> },
    Say { name: String, text: String },
}

#[on_connect]
async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
    offered.choose(&["chat.v1"])
}

#[on_message]
async fn talk(
    id: &ConnectionId,
    rooms: &Rooms,
    mut session: Session<User>,
    Json(wish): Json<Wish>,
) -> Result<()> {
    match (wish, session.get().cloned()) {
        (Wish::Join(user), None) => {
            rooms.join(&user.room, id).await?;
            session.set(user.clone()).await?;
            let (name, here) = (user.name, here(rooms, &user.room).await?);
            let news = News::Join { name, here };
            rooms.broadcast(&user.room, Json(news)).await?;
        }
        (Wish::Say { text }, Some(User { room, name })) => match text.strip_prefix("/kick ") {
            Some(name) => kick(rooms, &room, name).await?,
            None => {
                let news = News::Say { name, text };
                rooms.broadcast(&room, Json(news)).await?;
            }
        },
        _ => return Err(Refuse::new(4001, "join one room, then talk").into()),
    }
    Ok(())
}

#[on_close]
async fn leave(rooms: &Rooms, session: Session<User>) -> Result<()> {
    if let Some(User { room, name }) = session.into_inner() {
        let here = here(rooms, &room).await?;
        let news = News::Leave { name, here };
        rooms.broadcast(&room, Json(news)).await?;
    }
    Ok(())
}

async fn here(rooms: &Rooms, room: &str) -> Result<Vec<String>> {
    let members = rooms.members_with::<User>(room).all().await?;
    let users = members.into_iter().filter_map(|member| member.session);
    Ok(users.map(|user| user.name).collect())
}

async fn kick(rooms: &Rooms, room: &str, name: &str) -> Result<()> {
    for member in rooms.members_with::<User>(room).all().await? {
        if member.session.is_some_and(|user| user.name == name) {
            let closing = rooms.push().close_with(&member.id, 4000, "kicked");
            closing.await.ok(); // whoever is gone is gone
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    wsfn::app![greet, talk, leave]
        .page(include_str!("page.html"))
        .run()
}

#[cfg(test)]
mod tests;
