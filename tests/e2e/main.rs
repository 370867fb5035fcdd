//! Example binaries as processes, against clients written by others.

mod browser;
mod clients;
mod deploy;
mod npm;
mod process;
