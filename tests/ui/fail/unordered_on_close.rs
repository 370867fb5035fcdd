// Only messages can be unordered.

use wsfn::on_close;

#[on_close(unordered)]
async fn leave() {}

fn main() {}
