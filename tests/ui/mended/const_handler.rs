// Write `async fn` in place of `const fn`.

use wsfn::on_message;

#[on_message]
async fn talk() {}

wsfn::main!(talk);
