//! Arguments borrow from the event, and so may the answer.
#![deny(warnings)]

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wsfn::{
    ConnectionId, Event, FromEvent, HasBody, Json, OnMessage, Push, Rejection, Result, Rooms, Setup,
    Slot, State, Text, on_message,
};

#[derive(Deserialize)]
#[serde(tag = "type")]
enum In<'a> {
    Join {
        room: &'a str,
    },
    Say {
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
}

#[derive(Serialize)]
struct Out<'a> {
    text: &'a str,
}

#[on_message]
async fn talk(id: &ConnectionId, rooms: &Rooms, Json(line): Json<In<'_>>) -> Result<()> {
    match line {
        In::Join { room } => {
            rooms.join(room, id).await?;
        }
        In::Say { text } => {
            rooms.broadcast("lobby", Json(&Out { text: &text })).await?;
        }
    }
    Ok(())
}

#[on_message]
async fn echo(text: &str) -> &str {
    text
}

#[on_message]
async fn lent(text: &str) -> Json<Out<'_>> {
    Json(Out { text })
}

#[on_message]
async fn maybe(
    text: Option<&str>,
    line: Result<Json<In<'_>>, Rejection>,
    deep: Option<Json<(&str, Cow<'_, str>)>>,
) -> Option<Json<u8>> {
    let _ = (text, line, deep);
    None
}

#[on_message]
async fn bytes(body: &[u8], push: &Push, id: &ConnectionId) -> Result<()> {
    push.binary(id, body.to_vec()).await?;
    Ok(())
}

#[on_message]
async fn named<'a>(_: &'a ConnectionId, text: &'a str, shared: Arc<Database>) -> Text<&'a str> {
    let _ = shared;
    Text(text)
}

struct Database;

impl State for Database {
    async fn init() -> Result<Self> {
        Ok(Self)
    }
}

impl Database {
    async fn find(&self, id: &ConnectionId) -> Option<String> {
        std::future::ready(Some(id.as_str().to_owned())).await
    }
}

// An extractor that waits, for every event.
struct User(String);

impl<'e, E: Slot> FromEvent<'e, E> for User {
    fn setup(setup: &mut Setup) {
        setup.state::<Database>();
    }

    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        let database = <&Database>::from_event(event).await?;
        let found = database.find(event.connection_id()).await;
        found.map(User).ok_or_else(|| Rejection::absent("nobody"))
    }
}

// One that borrows, for one event.
struct Word<'e>(&'e str);

impl<'e> FromEvent<'e, OnMessage> for Word<'e> {
    async fn from_event(event: &'e Event<OnMessage>) -> Result<Self, Rejection> {
        let text = <&str>::from_event(event).await?;
        Ok(Word(text.split(' ').next().unwrap_or_default()))
    }
}

// One around another.
struct Valid<T>(T);

impl<'e, E: HasBody<Json<T>>, T: Deserialize<'e> + Send + 'e> FromEvent<'e, E> for Valid<T> {
    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        let Json(inner) = Json::<T>::from_event(event).await?;
        Ok(Valid(inner))
    }
}

// A reference of one's own beside those to states.
struct Mine;

impl<'e, E: Slot> FromEvent<'e, E> for &'e Mine {
    async fn from_event(_: &'e Event<E>) -> Result<Self, Rejection> {
        Ok(&Mine)
    }
}

#[on_message]
async fn custom(user: User, word: Option<Word<'_>>, valid: Valid<In<'_>>, mine: &Mine) -> Text {
    let _ = (valid.0, mine);
    Text(word.map_or(user.0, |word| word.0.to_owned()))
}

fn main() {
    let _ = (echo::entry(), lent::entry(), maybe::entry(), bytes::entry());
    let _ = (named::entry(), custom::entry(), talk::entry());
}
