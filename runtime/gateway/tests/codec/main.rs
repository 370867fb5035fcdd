//! The codec as a whole, from outside: whatever bytes come, however they are cut.

mod cutting;
mod handshake;
mod limits;
mod memory;
mod refusal;
mod second_opinion;
mod support;
