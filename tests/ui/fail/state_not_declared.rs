// A state says how it is made.

use wsfn::on_message;

struct Database;

#[on_message]
async fn talk(database: &Database) {
    let _ = database;
}

fn main() {}
