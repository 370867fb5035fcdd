//! The test kit: virtual clients, time that stands still, and the same run every time.
//!
//! A test starts the very application with the very gateway that [`App::run`](crate::App::run) starts, without a port:
//! clients are connected over memory, and speak the wire that browsers speak. Time is the test's own. It passes only
//! where everything waits, and then at once, so ten minutes of idleness cost nothing and "nothing comes" is known for
//! sure. In which order things happen that could happen at once follows from a seed.
//!
//! The feature `testing` turns it on, for tests alone:
//!
//! ```toml
//! [dev-dependencies]
//! wsfn = { version = "0.1", features = ["testing"] }
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```
//!
//! ```
//! use std::time::Duration;
//! use wsfn::{ConnectionId, Result, Rooms, on_connect, on_message, testing::TestApp};
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
//! # #[tokio::main(flavor = "current_thread")] async fn main() { a_line_reaches_everyone().await.unwrap(); }
//! # const _: &str = stringify! {
//! #[tokio::test]
//! # };
//! async fn a_line_reaches_everyone() -> Result<()> {
//!     let mut app = TestApp::new(wsfn::app![enter, talk]).setting("idle-timeout", "10m").start().await?;
//!     let mut ann = app.connect().await?;
//!     let mut bob = app.connect().await?;
//!     ann.send_text("hello").await;
//!     assert_eq!(ann.expect_text().await, "hello");
//!     assert_eq!(bob.expect_text().await, "hello");
//!     bob.expect_nothing().await;
//!     app.advance(Duration::from_secs(600)).await;
//!     ann.expect_closed(4408).await;
//!     Ok(())
//! }
//! ```
//!
//! [`TestApp`] starts one, [`RunningApp`] is it, a [`Client`] is a client. The guide `guide::testing` tells the rest.

mod app;
mod client;
mod clock;
mod connect;
mod desk;
mod failure;
mod fault;
mod outcome;
mod pushed;
mod record;
mod running;
mod seat;
mod seeds;
mod store;
mod watched;
mod wire;
mod world;

pub use app::TestApp;
pub use client::Client;
pub use connect::{Connect, Refused};
pub(crate) use desk::Desk;
pub(crate) use fault::Faults;
pub use fault::NextCall;
pub use outcome::{InStore, Outcome, PushKind};
pub use pushed::Pushed;
pub use running::RunningApp;
pub use seeds::{Passed, seeds};
pub use store::open_store;
pub use wsfn_protocol::Kind;
