// An event has one function.

use wsfn::on_message;

#[on_message]
async fn talk() {}

#[on_message]
async fn say() {}

wsfn::main!(talk, say);
