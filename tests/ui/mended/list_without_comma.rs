// Put a comma between the names.

#[wsfn::on_connect]
async fn greet() {}

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(greet, talk);
