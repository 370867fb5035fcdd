// Another name for one of the two.

mod talking {}

#[wsfn::on_message]
async fn talk() {}

wsfn::main!(talk);
