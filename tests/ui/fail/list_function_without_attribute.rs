// What is listed has an attribute.

#[wsfn::on_connect]
async fn greet() {}

async fn talk() {}

wsfn::main!(greet, talk);
