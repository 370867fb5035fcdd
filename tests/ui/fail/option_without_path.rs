// `crate` needs a path.

use wsfn::on_close;

#[on_close(crate)]
async fn leave() {}

fn main() {}
