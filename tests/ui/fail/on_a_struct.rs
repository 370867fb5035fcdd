// An attribute goes on a function.

use wsfn::on_message;

#[on_message]
pub struct Talk {
    pub id: u8,
}

fn main() {}
