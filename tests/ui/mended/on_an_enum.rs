// Put it on an `async fn`.

use wsfn::on_connect;

#[on_connect]
async fn greet() {}

wsfn::main!(greet);
