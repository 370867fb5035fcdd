// Make it an error of the standard library, by hand or with `thiserror`.

use std::{error, fmt};
use wsfn::on_message;

#[derive(Debug)]
struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl error::Error for Failed {}

#[on_message]
async fn talk() -> Result<(), Failed> {
    Err(Failed)
}

wsfn::main!(talk);
