// Give one of the two another name.

mod talking {}

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
