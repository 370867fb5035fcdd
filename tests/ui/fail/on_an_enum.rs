// An attribute goes on a function.

use wsfn::on_connect;

#[on_connect]
enum Greet {}

fn main() {}
