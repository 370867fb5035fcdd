// A state is lent.

use wsfn::{Result, State, on_message};

struct Database;

impl State for Database {
    async fn init() -> Result<Self> {
        Ok(Database)
    }
}

#[on_message]
async fn talk(database: Database) {
    let _ = database;
}

fn main() {}
