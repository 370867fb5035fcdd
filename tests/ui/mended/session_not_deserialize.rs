// `#[derive(Deserialize)]`, from `serde` with its feature `derive`; `Serialize` too where the session is set.

use serde::Deserialize;
use wsfn::{Session, on_message};

#[derive(Deserialize)]
struct User {
    name: String,
}

#[on_message]
async fn talk(session: Session<User>) {
    if let Some(user) = session.get() {
        println!("{}", user.name);
    }
}

wsfn::main!(talk);
