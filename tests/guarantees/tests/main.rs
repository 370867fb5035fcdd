//! Histories in memory, and the gateways that are broken on purpose.

mod broken;
mod histories;
#[cfg(target_os = "linux")]
mod kills;
mod page;
#[cfg(target_os = "linux")]
mod processes;
