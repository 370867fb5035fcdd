// Write an `async fn`; what a C program calls is another function.

use wsfn::on_close;

#[on_close]
async fn leave() {}

wsfn::main!(leave);
