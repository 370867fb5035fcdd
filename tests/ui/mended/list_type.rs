// List a function with an attribute that says which event it is for.

#[wsfn::on_message]
async fn talk() {}

#[wsfn::on_connect]
async fn greet() {}

wsfn::main!(greet, talk);
