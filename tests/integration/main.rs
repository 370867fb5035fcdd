//! Whole applications, each front end and the pushes, over real sockets where there are any.

mod core;
mod gateway;
mod guides;
mod push;
mod readme;
mod testing;
mod threats;
