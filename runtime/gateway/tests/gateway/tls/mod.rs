//! The gateway over TLS, with clients that somebody else wrote and with bytes by hand.

mod bad_input;
mod certificate;
mod ending;
mod pieces;
mod push_endpoint;
mod pushes;
mod speaking;
mod support;
