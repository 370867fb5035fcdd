// List the name, without quotes.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
