// A handler has no ABI.

use wsfn::on_close;

#[on_close]
async extern "C" fn leave() {}

fn main() {}
