// What is listed has an attribute.

struct Talk;

#[wsfn::on_connect]
async fn greet() {}

wsfn::main!(greet, Talk);
