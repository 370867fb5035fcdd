// A function is for one event.

use wsfn::{on_close, on_connect};

#[on_connect]
#[on_close]
async fn count() {}

fn main() {}
