// What an application has besides its handlers is said to `App`.

#[wsfn::on_message]
async fn talk() {}

fn main() -> wsfn::Result<()> {
    wsfn::app![talk].page("<!doctype html>").run()
}
