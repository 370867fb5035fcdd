// What is kept with a connection says how it is read.

use wsfn::{Session, on_message};

struct User {
    _name: String,
}

#[on_message]
async fn talk(session: Session<User>) {
    let _ = session;
}

fn main() {}
