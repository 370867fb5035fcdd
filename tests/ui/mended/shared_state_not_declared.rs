// `init` makes it, once, before the first event.

use std::sync::Arc;
use wsfn::{Result, State, on_connect};

struct Database;

impl State for Database {
    async fn init() -> Result<Self> {
        Ok(Self)
    }
}

#[on_connect]
async fn greet(database: Arc<Database>) {
    let _ = database;
}

wsfn::main!(greet);
