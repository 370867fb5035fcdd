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
//! `cargo run` prints an address to open in a browser. A first app, step by step, is [a guide](guide::first_app).
//!
//! # Three types
//!
//! - [`App`] is what the handlers become: [`app!`] makes one, [`App::run`] starts it.
//! - [`Push`] writes to one client, and [`Rooms`] to many. Handlers ask for `&Push` and `&Rooms`.
//! - [`FromEvent`] is how an argument is made from an event, and [`IntoReply`] what a return value means to it.
//!
//! # Cookbook
//!
//! | to … | write | more |
//! |---|---|---|
//! | read JSON | `Json(line): Json<Line>` | [messages](guide::messages) |
//! | answer the sender | return `Json<T>`, `&str`, `Text`, `Binary`, an `Option` or a `Result` of these | [messages](guide::messages#what-goes-back) |
//! | refuse a client | return `Err(Refuse::new(4001, "not today"))` from `#[on_connect]` | [messages](guide::messages#who-connects) |
//! | choose a sub-protocol | `offered.choose(&["chat.v1"])`, with `offered: Protocols` | [`Protocols`] |
//! | know who connects | `headers: Headers`, `Query(ticket): Query<Ticket>`, `ClientAddr(address): ClientAddr` | [messages](guide::messages#who-connects) |
//! | share a database | `impl State for Db`, then `db: &Db` | [state](guide::state) |
//! | write to one client | `push.text(&id, "hello").await?` | [push](guide::push) |
//! | answer word by word | `push.stream(&id).write("hel").await?` | [`Stream`] |
//! | stop when the client leaves | `gone: Gone`, then `gone.wait().await` | [`Gone`] |
//! | hear it meanwhile | `#[on_message(unordered)]` | [messages](guide::messages#one-at-a-time-or-not) |
//! | know that it has gone | `error.is_gone()` | [push](guide::push#what-can-become-of-it) |
//! | write to many | `rooms.broadcast("lobby", "hello").await?` | [rooms](guide::rooms) |
//! | know who is there | `rooms.members_with::<User>("lobby")` | [rooms](guide::rooms#who-is-there) |
//! | keep who it is | `session: Session<User>` | [`Session`] |
//! | write from a program that is no function | `Client::from_settings()?.rooms()` | [`Client`] |
//! | keep rooms in a database | `WSFN_STORE=redis://…`, feature `redis` | [stores](guide::stores) |
//! | close a connection | `push.close_with(&id, 4000, "enough").await?` | [`Push::close_with`] |
//! | know why one ended | `why: CloseReason` in `#[on_close]` | [`CloseReason`] |
//! | take an argument of your own | `impl FromEvent for Mine` | [`FromEvent`] |
//! | do something around every event | `app.around(function)`, `app.layer(layer)` | [`App::around`], [`App::layer`] |
//! | say something else on errors | `app.on_error(…)` | [`App::on_error`] |
//! | give it a page | `app.page(include_str!("page.html"))` | [`App::page`] |
//! | test it | `TestApp::new(app![…]).start().await?` | [testing](guide::testing) |
//! | change a setting | `WSFN_LISTEN=0.0.0.0:9001`, or `wsfn.toml` | [settings](guide::settings) |
//! | deploy it | a binary, a zip or an image | [deploying](guide::deploying) |
//! | understand a number | | [errors](guide::errors) |
//! | understand the compiler | | [diagnostics](guide::diagnostics) |
//! | move an application here | | from [Python](guide::moving_from_python), [Node](guide::moving_from_node), [Chalice](guide::moving_from_chalice), [Lambda](guide::moving_from_lambda) |
//!
//! # Features
//!
//! - `gateway` (on by default): the embedded gateway, so that `cargo run` opens a port for WebSocket clients. A
//!   function for SCF leaves it out.
//! - `macros` (on by default): the attributes, [`app!`] and [`main!`].
//! - `metrics`: numbers for Prometheus at `/metrics` of the embedded gateway's `admin-listen`.
//! - `testing`: the test kit, `wsfn::testing`. For `[dev-dependencies]`.
//! - `tls`: the embedded gateway speaks TLS, where `tls-cert` and `tls-key` name a certificate and its key.
//! - `sqlite`, `mysql`, `postgres`, `redis`: rooms in [a store](guide::stores) that outlives the gateway, where the
//!   setting `store` names one.
//! - `push-tls`: pushes to an `https://` address. Its certificate has to be signed by an authority that the system
//!   trusts, or one in the file that the environment variable `SSL_CERT_FILE` names.
//!
//! # Stability
//!
//! Before 1.0 a minor version may break what is public here, and the changelog says what to change; a patch version does
//! not. The crates `wsfn`, `wsfn-macros`, `wsfn-protocol`, `wsfn-settings` and `wsfn-gateway` are released together, and
//! depend on each other in exactly one version. Not part of the promise: what is hidden from this documentation, the
//! texts of errors (their numbers are), and how a `Debug` looks. The least version of Rust is 1.95; a higher one is a
//! minor version.

mod app;
mod client;
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
pub mod rooms;
mod serve;
mod session;
mod state;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use app::{App, Handled, Invocation, Next, Setup, Swept};
pub use client::Client;
pub use connection_id::ConnectionId;
pub use context::Context;
pub use error::{Error, Refuse, Rejection, Result};
pub use event::{
    Body, Event, HasBody, HasHandshake, HasReason, OnClose, OnConnect, OnMessage, Slot,
};
pub use extract::{
    ClientAddr, CloseReason, Extensions, FromEvent, Headers, Protocols, Query, RawEvent,
};
pub use message::{Binary, IntoMessage, Json, Message, Plain, Text};
pub use push::{Gone, Push, PushError, Report, Stream, Undelivered};
pub use reply::{Accept, Answered, Failure, IntoReply, Opens, Reply};
#[doc(inline)]
pub use rooms::{Broadcast, Member, Members, MembersWith, Page, PageWith, Rooms, RoomsError};
pub use session::Session;
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
/// `#[on_message(unordered)]` lets the next message of a client reach the function while one of it is still handled: so
/// that it can say `stop` to an answer that is [streamed](Push::stream). The guide has
/// [what that means](guide::messages#one-at-a-time-or-not).
///
/// `#[on_message(crate = path)]` where this crate is not found as `::wsfn`; both with a comma between them.
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
///
/// ```
/// # use wsfn::{Result, on_connect, on_message};
/// #[on_connect]
/// async fn greet() {}
///
/// #[on_message]
/// async fn talk(line: &str) -> &str {
///     line
/// }
///
/// fn app() -> wsfn::App {
///     wsfn::app![greet, talk].page("<h1>hello</h1>")
/// }
/// # fn main() { app(); }
/// ```
#[cfg(feature = "macros")]
pub use wsfn_macros::app;

/// Writes `fn main`, which runs an [`App`] of these handlers: `wsfn::main!(greet, talk, leave);`.
///
/// ```no_run
/// #[wsfn::on_message]
/// async fn talk(line: &str) -> &str {
///     line
/// }
///
/// wsfn::main!(talk);
/// ```
#[cfg(feature = "macros")]
pub use wsfn_macros::main;
