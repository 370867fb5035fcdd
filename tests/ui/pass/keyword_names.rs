//! A handler whose name is a keyword goes by the plain name.
#![deny(warnings)]

use wsfn::{ConnectionId, on_connect, on_message};

#[on_message]
async fn r#match(r#type: &ConnectionId) {
    let _ = r#type;
}

mod inner {
    use wsfn::on_close;

    #[on_close]
    pub async fn r#loop() {}
}

#[on_connect]
async fn run() {}

wsfn::main!(r#match, inner::r#loop, run);
