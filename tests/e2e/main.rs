//! Placeholder until the first case lands.
mod process;
