//! Handlers inside function bodies see what these see.
#![deny(warnings)]

use wsfn::{App, Result, State, on_message};

fn application() -> App {
    struct Local;

    impl State for Local {
        async fn init() -> Result<Self> {
            Ok(Self)
        }
    }

    #[on_message]
    async fn inner(local: &Local) {
        let _ = local;
    }

    wsfn::app![inner]
}

fn main() {
    let _ = application();
}
