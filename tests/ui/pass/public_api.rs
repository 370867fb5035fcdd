//! A public handler of a crate that documents everything.
#![deny(warnings, missing_docs, clippy::pedantic)]

use wsfn::{ConnectionId, on_message};

/// Talks; see [`talk`] and [`talk()`].
#[on_message]
pub async fn talk(id: &ConnectionId) {
    let _ = id;
}

wsfn::main!(talk);
