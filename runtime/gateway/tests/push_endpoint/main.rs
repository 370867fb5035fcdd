//! The push endpoint over real sockets.

mod access;
mod actions;
mod bad_input;
mod connections;
mod gateway;
mod support;
