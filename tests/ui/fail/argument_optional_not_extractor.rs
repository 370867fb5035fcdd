// Optional is what could be there.

use wsfn::on_message;

#[on_message]
async fn talk(count: Option<u32>) {
    let _ = count;
}

fn main() {}
