// Write a function with a name in place of the closure.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
