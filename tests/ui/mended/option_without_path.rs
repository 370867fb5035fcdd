// With a path, or nothing at all.

use wsfn::on_close;

#[on_close]
async fn leave() {}

wsfn::main!(leave);
