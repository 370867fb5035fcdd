// Only a connect event has a handshake.

use serde::Deserialize;
use wsfn::{Query, on_message};

#[derive(Deserialize)]
struct Filter {
    _room: String,
}

#[on_message]
async fn talk(Query(filter): Query<Filter>) {
    let _ = filter;
}

fn main() {}
