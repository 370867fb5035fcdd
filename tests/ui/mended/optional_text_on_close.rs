// There is never one here, so it goes.

use wsfn::on_close;

#[on_close]
async fn leave() {}

wsfn::main!(leave);
