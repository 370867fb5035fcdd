//! Whole applications, each front end and the pushes, over real sockets where there are any.

mod core;
#[cfg(target_os = "linux")]
mod exec;
mod gateway;
mod guides;
mod limits;
mod operating;
mod push;
mod readme;
mod session;
mod stores;
mod testing;
mod threats;
