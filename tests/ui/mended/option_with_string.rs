// Write the path without quotes.

use wsfn::on_close;

#[on_close(crate = wsfn)]
async fn leave() {}

wsfn::main!(leave);
