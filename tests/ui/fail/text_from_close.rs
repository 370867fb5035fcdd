// Only a message can be answered.

use wsfn::{Text, on_close};

#[on_close]
async fn leave() -> Text {
    Text("bye".to_owned())
}

fn main() {}
