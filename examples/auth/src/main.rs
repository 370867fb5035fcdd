//! Who a client is: asked once, when it connects, and known in every handler.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Deserialize;
use wsfn::{
    ConnectionId, Event, FromEvent, Handled, Headers, Invocation, Next, OnConnect, Query, Refuse,
    Rejection, Result, Rooms, Setup, Slot, State, on_close, on_connect, on_message,
};

/// What a client shows: `Authorization: Bearer …`, or `?token=…`, since a browser sets no header.
struct Token(Option<String>);

#[derive(Deserialize)]
struct Asked {
    token: Option<String>,
}

impl<'e> FromEvent<'e, OnConnect> for Token {
    fn setup(setup: &mut Setup) {
        setup.forward_header("authorization").forward_query();
    }

    async fn from_event(event: &'e Event<OnConnect>) -> Result<Self, Rejection> {
        let headers = Headers::from_event(event).await?;
        let bearer = headers
            .get("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        let Query(asked) = Query::<Asked>::from_event(event).await?;
        Ok(Token(bearer.map(str::to_owned).or(asked.token)))
    }
}

/// The user of a connection. Any handler has it as an argument.
#[derive(Clone)]
struct User(&'static str);

impl<'e, E: Slot> FromEvent<'e, E> for User {
    fn setup(setup: &mut Setup) {
        setup.state::<Users>();
    }

    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        let users: &Users = event.state().await?;
        let user = users.connected().get(event.connection_id()).cloned();
        user.ok_or(Rejection::absent("you are not logged in"))
    }
}

/// Who is connected. It lives in this process: functions in several instances keep it elsewhere.
struct Users(Mutex<HashMap<ConnectionId, User>>);

impl State for Users {
    async fn init() -> Result<Self> {
        Ok(Users(Mutex::default()))
    }
}

impl Users {
    fn connected(&self) -> MutexGuard<'_, HashMap<ConnectionId, User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Here a program asks its database, or checks a signature.
    fn known(token: Option<&str>) -> Option<User> {
        match token? {
            "ann-s3cret" => Some(User("ann")),
            "bob-s3cret" => Some(User("bob")),
            _ => None,
        }
    }
}

#[on_connect]
async fn enter(id: &ConnectionId, token: Token, users: &Users) -> Result<(), Refuse> {
    let user = Users::known(token.0.as_deref()).ok_or(Refuse::new(4010, "unknown token"))?;
    users.connected().insert(id.clone(), user);
    Ok(())
}

#[on_message]
async fn talk(User(name): User, line: &str, rooms: &Rooms) -> Result<()> {
    rooms.everyone(format!("{name}: {line}")).await?;
    Ok(())
}

#[on_close]
async fn leave(id: &ConnectionId, user: Option<User>, users: &Users, rooms: &Rooms) -> Result<()> {
    users.connected().remove(id);
    if let Some(User(name)) = user {
        rooms.everyone(format!("{name} left")).await?;
    }
    Ok(())
}

/// Around every event: how it went, and how long it took.
async fn timed(invocation: Invocation, next: Next) -> Result<Handled> {
    let (kind, started) = (invocation.kind(), Instant::now());
    let handled = next.run(invocation).await?;
    println!("{kind:?}: {} in {:?}", handled.err_msg(), started.elapsed());
    Ok(handled)
}

fn main() -> Result<()> {
    wsfn::app![enter, talk, leave].around(timed).run()
}
