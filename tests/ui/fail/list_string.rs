// Handlers are listed by their paths.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!("talk");
