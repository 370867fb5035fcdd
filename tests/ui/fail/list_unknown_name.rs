// What is listed exists.

#[wsfn::on_connect]
async fn greet() {}

wsfn::main!(greet, talk);
