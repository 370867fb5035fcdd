//! Example binaries as processes, against clients written by others.

mod browser;
mod deploy;
mod process;
