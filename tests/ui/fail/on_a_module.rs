// An attribute goes on a function, not on the module that holds some.

use wsfn::on_close;

#[on_close]
mod handlers {
    pub async fn leave() {}
}

fn main() {}
