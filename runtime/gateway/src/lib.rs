//! A WebSocket gateway for the three-function protocol.
//!
//! A [`Gateway`] holds the clients' sockets and calls a function, behind [`Invoke`], for every connect, message and
//! close; a [`Handle`] does what functions ask of it, which are pushes, rooms and sessions.

mod addresses;
mod admin;
mod calls;
mod chance;
pub mod codec;
mod connection;
mod counters;
mod data;
mod gateway;
mod http_server;
mod hub;
mod invoke;
mod journal;
mod limit;
mod listen;
mod machine;
mod open_files;
pub mod push_endpoint;
mod rate;
mod service;
mod shared;
mod socket;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
mod tls;

pub use data::DataError;
pub use gateway::{BindError, Gateway};
pub use hub::{Handle, Left};
#[cfg(unix)]
pub use invoke::ExecFunction;
pub use invoke::{
    BoxFuture, Call, HttpFunction, Invoke, InvokeAnswer, InvokeError, ScfFunction, Slots,
};
pub use journal::{WaitingCloses, WaitingRoute};
pub use service::Services;
pub use tls::{Certificate, CertificateError};
