// List the name alone, without `()`: the runtime calls it.

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
