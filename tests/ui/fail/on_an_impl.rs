// An attribute goes on a function, not on the `impl` that holds some.

use wsfn::on_close;

struct Chat;

#[on_close]
impl Chat {}

fn main() {}
