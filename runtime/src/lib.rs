//! WebSocket functions in Rust.

mod connection_id;
mod context;
mod error;
mod message;
mod push;
mod rooms;
mod serve;

pub use connection_id::ConnectionId;
pub use context::Context;
pub use error::{Error, Refuse, Rejection, Result};
pub use message::{Binary, IntoMessage, Json, Message, Text};
pub use push::{Push, PushError, Report, Undelivered};
pub use rooms::{Broadcast, Members, Page, Rooms, RoomsError};
