// The close event comes after the last message has been handled, however many were handled at once.

use wsfn::on_close;

#[on_close]
async fn leave() {}

wsfn::main!(leave);
