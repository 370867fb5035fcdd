//! The front ends: how events come in and answers go out.

mod answers;
mod context;
pub(crate) mod event_invoke;
mod jitter;
pub(crate) mod log;
pub(crate) mod runtime_api;
pub(crate) mod shutdown;

pub(crate) use answers::Answers;
pub(crate) use jitter::jittered;

/// The largest event that SCF delivers (583/11637); a larger one was not sent by it.
pub(crate) const EVENT_MAX: usize = 6 << 20;
