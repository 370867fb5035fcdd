// There are two options.

use wsfn::on_message;

#[on_message(crate = wsfn, room = "lobby")]
async fn talk() {}

fn main() {}
