// Only a connect event can be accepted.

use wsfn::{Accept, Result, on_close};

#[on_close]
async fn leave() -> Result<Accept> {
    Ok(Accept::new())
}

fn main() {}
