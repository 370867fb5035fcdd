// `crate` leads to wsfn.

use wsfn::on_close;

#[on_close(crate = nowhere)]
async fn leave() {}

fn main() {}
