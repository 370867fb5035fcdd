// List the names of functions that have an attribute.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
