// The query string comes inside `Query`.

use std::collections::HashMap;
use wsfn::{Query, on_connect};

#[on_connect]
async fn greet(Query(query): Query<HashMap<String, String>>) {
    println!("{query:?}");
}

wsfn::main!(greet);
