// There is one option.

use wsfn::on_message;

#[on_message(crate = wsfn, room = "lobby")]
async fn talk() {}

fn main() {}
