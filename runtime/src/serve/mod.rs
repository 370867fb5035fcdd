//! The front ends: how events come in and answers go out.

mod jitter;

pub(crate) use jitter::jittered;
