// A close is answered with nothing, or with an error for the log.

use wsfn::{Result, on_close};

#[on_close]
async fn leave() -> Result<()> {
    Ok(())
}

wsfn::main!(leave);
