// A handler's name is a type as well.

mod talk {}

#[wsfn::on_message]
async fn talk() {}

fn main() {}
