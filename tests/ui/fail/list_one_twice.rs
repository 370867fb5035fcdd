// A handler is listed once.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk, talk);
