// A rejection is that of an extractor.

use wsfn::{Rejection, on_message};

#[on_message]
async fn talk(count: Result<u32, Rejection>) {
    let _ = count;
}

fn main() {}
