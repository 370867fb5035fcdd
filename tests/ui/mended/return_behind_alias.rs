// Bytes go back as `Binary`.

use wsfn::{Binary, on_message};

type Answer = Binary;

#[on_message]
async fn talk() -> Answer {
    Binary(vec![1, 2, 3])
}

wsfn::main!(talk);
