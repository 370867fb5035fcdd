//! The gateway over real sockets, with a WebSocket client that somebody else wrote and with bytes by hand.

mod life;
mod support;
