// An argument is an extractor.

use std::collections::HashMap;
use wsfn::on_connect;

#[on_connect]
async fn greet(query: HashMap<String, String>) {
    let _ = query;
}

fn main() {}
