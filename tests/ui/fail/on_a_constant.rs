// An attribute goes on a function.

use wsfn::on_connect;

#[on_connect]
const GREETING: &str = "hello";

fn main() {}
