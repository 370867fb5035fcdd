//! What the gateway promises, decided from what was seen.
//!
//! A [`Log`] holds three logs on one monotonic clock: what clients saw, what functions saw, and what was pushed.
//! [`check`] reads nothing else, and tells for each numbered promise whether it was kept. [`history`] makes logs of
//! random lives of a gateway in memory, the same for the same seed; the folder `broken` holds gateways that break one
//! promise each, which [`check`] has to catch.

pub mod broken;
mod checker;
pub mod history;
mod life;
pub mod log;
#[cfg(target_os = "linux")]
pub mod processes;

pub use checker::{Number, Verdicts, Violation, check};
pub use log::Log;
