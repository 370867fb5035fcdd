//! WebSocket functions in Rust: three annotated `async fn`s are an application, and a gateway holds the sockets.
//!
//! ```no_run
//! use wsfn::{ConnectionId, Result, Rooms, on_close, on_connect, on_message};
//!
//! #[on_connect]
//! async fn enter(id: &ConnectionId, rooms: &Rooms) -> Result<()> {
//!     rooms.join("lobby", id).await?;
//!     Ok(())
//! }
//!
//! #[on_message]
//! async fn talk(rooms: &Rooms, line: &str) -> Result<()> {
//!     rooms.broadcast("lobby", line).await?;
//!     Ok(())
//! }
//!
//! #[on_close]
//! async fn leave(rooms: &Rooms) -> Result<()> {
//!     rooms.broadcast("lobby", "someone left").await?;
//!     Ok(())
//! }
//!
//! wsfn::main!(enter, talk, leave);
//! ```
//!
//! [`App`] is what the handlers become, [`Push`] and [`Rooms`] are how they write to clients, and [`FromEvent`] is how
//! an argument is made. What all handlers have in common stands around them: [`App::layer`].
//!
//! # Features
//!
//! - `gateway` (on by default): the embedded gateway, so that `cargo run` opens a port for WebSocket clients. A
//!   function for SCF leaves it out.
//! - `macros` (on by default): the attributes, [`app!`] and [`main!`].
//! - `testing`: the test kit, `wsfn::testing`. For `[dev-dependencies]`.
//! - `push-tls`: pushes to an `https://` address. Its certificate has to be signed by an authority that the system
//!   trusts, or one in the file that the environment variable `SSL_CERT_FILE` names.

mod app;
mod connection_id;
mod context;
mod error;
mod event;
mod extract;
#[cfg(doc)]
#[path = "docs/mod.rs"]
pub mod guide;
mod message;
mod push;
mod reply;
mod rooms;
mod serve;
mod state;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use app::{App, Handled, Invocation, Next, Setup};
pub use connection_id::ConnectionId;
pub use context::Context;
pub use error::{Error, Refuse, Rejection, Result};
pub use event::{
    Body, Event, HasBody, HasHandshake, HasReason, OnClose, OnConnect, OnMessage, Slot,
};
pub use extract::{
    ClientAddr, CloseReason, Extensions, FromEvent, Headers, Protocols, Query, RawEvent,
};
pub use message::{Binary, IntoMessage, Json, Message, Text};
pub use push::{Push, PushError, Report, Undelivered};
pub use reply::{Accept, Answered, Failure, IntoReply, Opens, Reply};
pub use rooms::{Broadcast, Members, Page, Rooms, RoomsError};
pub use state::State;
pub use wsfn_protocol::{Kind, RequestContext};

/// Makes the function the handler of clients that connect (Tencent's *register*).
///
/// The function stays as it is, an `async fn` that can be called. Its arguments implement [`FromEvent`], what it
/// returns [`IntoReply`]: `()`, [`Accept`] or a `Result` of these. An error refuses the connection.
///
/// ```
/// use wsfn::{Accept, Protocols, Refuse, on_connect};
///
/// #[on_connect]
/// async fn greet(offered: Protocols) -> Result<Accept, Refuse> {
///     offered.choose(&["chat.v1"])
/// }
/// # fn main() {}
/// ```
///
/// `#[on_connect(crate = path)]` where this crate is not found as `::wsfn`.
#[cfg(feature = "macros")]
pub use wsfn_macros::on_connect;

/// Makes the function the handler of messages (Tencent's *transfer*).
///
/// What it returns is sent to the client whose message it was: [`Text`], [`Binary`], [`Json`], [`Message`], `&str`,
/// `String`, an `Option` or a `Result` of these, or `()` for nothing. An error is told to that client as
/// `{"errNo":…,"errMsg":…}`.
///
/// ```
/// use wsfn::{Message, on_message};
///
/// #[on_message]
/// async fn echo(message: Message) -> Message {
///     message
/// }
/// # fn main() {}
/// ```
///
/// Beside the function stands `echo::main_handler(event, context)`, which answers one event:
///
/// ```
/// # use wsfn::on_close;
/// #[on_close]
/// async fn leave() {}
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let event = r#"{"websocket":{"action":"closing","secConnectionID":"x=="}}"#;
/// let reply = leave::main_handler(event, &wsfn::Context::default()).await;
/// assert_eq!(reply, r#"{"errNo":0,"errMsg":"ok"}"#);
/// # }
/// ```
#[cfg(feature = "macros")]
pub use wsfn_macros::on_message;

/// Makes the function the handler of connections that ended (Tencent's *cleanup*). It returns `()` or `Result<()>`.
///
/// ```
/// use wsfn::{CloseReason, ConnectionId, on_close};
///
/// #[on_close]
/// async fn leave(id: &ConnectionId, why: CloseReason) {
///     println!("{id:?} left: {why:?}");
/// }
/// # fn main() {}
/// ```
#[cfg(feature = "macros")]
pub use wsfn_macros::on_close;

/// Makes an [`App`] of handlers, at most one for each event: `wsfn::app![greet, talk, leave]`.
#[cfg(feature = "macros")]
pub use wsfn_macros::app;

/// Writes `fn main`, which runs an [`App`] of these handlers: `wsfn::main!(greet, talk, leave);`.
#[cfg(feature = "macros")]
pub use wsfn_macros::main;
