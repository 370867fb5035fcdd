// There is one option.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk, page = "index.html");
