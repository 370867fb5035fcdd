// List it once.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
