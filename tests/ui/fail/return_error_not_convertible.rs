// An error becomes a `wsfn::Error`.

use wsfn::on_message;

struct Failed;

#[on_message]
async fn talk() -> Result<(), Failed> {
    Err(Failed)
}

fn main() {}
