//! Histories in memory, and the gateways that are broken on purpose.

mod broken;
mod histories;
mod page;
#[cfg(target_os = "linux")]
mod processes;
