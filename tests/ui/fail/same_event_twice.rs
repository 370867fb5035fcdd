// One attribute is enough.

use wsfn::on_message;

#[on_message]
#[on_message]
async fn talk() {}

fn main() {}
