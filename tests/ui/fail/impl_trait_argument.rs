// An argument has a type.

use wsfn::on_message;

#[on_message]
async fn talk(text: impl AsRef<str>) {
    let _ = text;
}

fn main() {}
