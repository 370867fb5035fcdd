// List the names of functions that have an attribute.

#[wsfn::on_message]
async fn talk() {}

fn main() -> wsfn::Result<()> {
    wsfn::app![talk].run()
}
