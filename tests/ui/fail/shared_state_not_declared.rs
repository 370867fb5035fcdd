// A state says how it is made.

use std::sync::Arc;
use wsfn::on_connect;

struct Database;

#[on_connect]
async fn greet(database: Arc<Database>) {
    let _ = database;
}

fn main() {}
