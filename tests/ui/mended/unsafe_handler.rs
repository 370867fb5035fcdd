// Leave `unsafe` out; a block in the body says what is unsafe about it.

use wsfn::on_message;

#[on_message]
async fn talk() {}

wsfn::main!(talk);
