//! `crate = path`, in all five macros.
#![deny(warnings)]

mod elsewhere {
    pub use wsfn as functions;
}

use elsewhere::functions::{on_close, on_connect, on_message};

#[on_connect(crate = elsewhere::functions)]
async fn greet() {}

#[on_message(crate = crate::elsewhere::functions)]
async fn talk() {}

#[on_close(crate = ::wsfn)]
async fn leave() {}

fn unused() -> elsewhere::functions::App {
    elsewhere::functions::app![crate::greet, talk, crate = elsewhere::functions]
}

mod program {
    use super::{elsewhere, greet, leave, talk, unused};

    elsewhere::functions::main!(greet, talk, leave, crate = elsewhere::functions);

    pub(super) fn start(argument: bool) {
        if argument {
            let _ = (main(), unused());
        }
    }
}

fn main() {
    program::start(false);
}
