// Leave it out: a close never has a text.

use wsfn::on_close;

#[on_close]
async fn leave() {}

wsfn::main!(leave);
