//! The three kinds of event, as types, and what each of them has.

use wsfn_protocol::Kind;

use super::content::{Handshake, Leaving, Payload};

mod sealed {
    pub trait Sealed {}
}

/// One of the three kinds of event: [`OnConnect`], [`OnMessage`], [`OnClose`].
pub trait Slot: sealed::Sealed + Sized + Send + Sync + 'static {
    /// Which one, for comparisons at compile time.
    #[doc(hidden)]
    const KIND: Kind;
    /// What only this kind of event has.
    #[doc(hidden)]
    type Content: Send + Sync + 'static;
}

/// The event of a client that connects: functions with `#[on_connect]`.
#[derive(Debug)]
pub enum OnConnect {}
/// The event of a message from a client: functions with `#[on_message]`.
#[derive(Debug)]
pub enum OnMessage {}
/// The event of a connection that ended: functions with `#[on_close]`.
#[derive(Debug)]
pub enum OnClose {}

impl sealed::Sealed for OnConnect {}
impl sealed::Sealed for OnMessage {}
impl sealed::Sealed for OnClose {}

impl Slot for OnConnect {
    const KIND: Kind = Kind::Connect;
    type Content = Handshake;
}
impl Slot for OnMessage {
    const KIND: Kind = Kind::Message;
    type Content = Payload;
}
impl Slot for OnClose {
    const KIND: Kind = Kind::Close;
    type Content = Leaving;
}

// Leaf traits on the slot that carry the type of the argument: rustc then prints that type and what to do.

/// The events that have a body: messages. A custom extractor that reads one is bounded by it, with its own type in
/// place of `X`.
#[diagnostic::on_unimplemented(
    message = "only a message has a body: `{X}` cannot be an argument here",
    label = "there is no body to read in this event",
    note = "move this argument to the function with `#[on_message]`"
)]
pub trait HasBody<X>: Slot<Content = Payload> {}
impl<X> HasBody<X> for OnMessage {}

/// The events that have a handshake: connects. A custom extractor that reads one is bounded by it, with its own type
/// in place of `X`.
#[diagnostic::on_unimplemented(
    message = "only a connect event has a handshake: `{X}` cannot be an argument here",
    label = "there is no handshake in this event",
    note = "move this argument to the function with `#[on_connect]`"
)]
pub trait HasHandshake<X>: Slot<Content = Handshake> {}
impl<X> HasHandshake<X> for OnConnect {}

/// The events that say why a connection ended: closes.
#[diagnostic::on_unimplemented(
    message = "only a close event has a reason: `{X}` cannot be an argument here",
    label = "the connection of this event has not ended",
    note = "move this argument to the function with `#[on_close]`"
)]
pub trait HasReason<X>: Slot<Content = Leaving> {}
impl<X> HasReason<X> for OnClose {}
