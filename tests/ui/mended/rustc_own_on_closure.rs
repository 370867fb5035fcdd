// A function.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
