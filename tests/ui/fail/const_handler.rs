// A handler runs when an event comes.

use wsfn::on_message;

#[on_message]
const fn talk() {}

fn main() {}
