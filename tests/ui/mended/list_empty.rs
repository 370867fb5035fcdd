// The names of the functions.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
