//! The function with `tencent_scf`, which has no async: it pushes nothing, and needs no tokio.

#[path = "../../../src/by_hand.rs"]
mod by_hand;

use std::convert::Infallible;

use tencent_scf::{Context, make_scf, start};

fn main() {
    start(make_scf(
        |event: String, _: Context| -> Result<String, Infallible> { Ok(by_hand::answer(&event)) },
    ));
}
