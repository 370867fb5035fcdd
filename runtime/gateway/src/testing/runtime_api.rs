//! The runtime API that processes are served, without any.

pub use crate::invoke::exec::bytes::{Heard, heard};
