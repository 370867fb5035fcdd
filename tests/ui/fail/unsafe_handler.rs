// A handler is called by safe code.

use wsfn::on_message;

#[on_message]
async unsafe fn talk() {}

fn main() {}
