//! Example binaries as processes, against clients written by others.

mod browser;
mod clients;
mod deploy;
#[cfg(target_os = "linux")]
mod faults;
mod npm;
mod process;
