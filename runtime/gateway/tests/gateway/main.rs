//! The gateway over real sockets, with a WebSocket client that somebody else wrote and with bytes by hand.

mod bad_input;
mod closing;
mod compression;
mod connecting;
mod life;
mod limits;
mod pushes;
mod reached;
mod support;
mod telling;
#[cfg(feature = "tls")]
mod tls;
