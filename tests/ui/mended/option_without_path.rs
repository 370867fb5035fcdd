// Write a path, or leave the option out.

use wsfn::on_close;

#[on_close]
async fn leave() {}

wsfn::main!(leave);
