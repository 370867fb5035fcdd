// Handlers are listed and not called.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk());
