// `crate` takes a path.

use wsfn::on_close;

#[on_close(crate = "wsfn")]
async fn leave() {}

fn main() {}
