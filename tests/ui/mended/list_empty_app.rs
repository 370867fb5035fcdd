// The names of the functions.

#[wsfn::on_message]
async fn talk() {}

fn main() -> wsfn::Result<()> {
    wsfn::app![talk].run()
}
