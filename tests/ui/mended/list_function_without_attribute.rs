// Put the attribute of its event on the function: `#[on_connect]`, `#[on_message]` or `#[on_close]`.

#[wsfn::on_connect]
async fn greet() {}

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(greet, talk);
