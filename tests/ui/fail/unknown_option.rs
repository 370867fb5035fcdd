// There are two options.

use wsfn::on_message;

#[on_message(room = "lobby")]
async fn talk() {}

fn main() {}
