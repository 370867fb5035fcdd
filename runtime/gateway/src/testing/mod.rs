//! What the test kit of the crate `wsfn` needs of the gateway: connections without sockets, and chance from a seed. And
//! what is fuzzed and not public.

pub mod answers;
mod random;
#[cfg(unix)]
pub mod runtime_api;

pub use crate::socket::memory::{ClientEnd, Dialer};
pub use random::Random;
