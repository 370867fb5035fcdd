// A handler has no constant parameters.

use wsfn::on_connect;

#[on_connect]
async fn greet<const N: usize>() {}

fn main() {}
