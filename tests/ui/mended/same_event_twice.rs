// Write the attribute once.

use wsfn::on_message;

#[on_message]
async fn talk() {}

wsfn::main!(talk);
