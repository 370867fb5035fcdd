// Borrow it, as `&Database`; or take `Arc<Database>`, to keep it beyond the event.

use wsfn::{Result, State, on_message};

struct Database;

impl State for Database {
    async fn init() -> Result<Self> {
        Ok(Self)
    }
}

#[on_message]
async fn talk(database: &Database) {
    let _ = database;
}

wsfn::main!(talk);
