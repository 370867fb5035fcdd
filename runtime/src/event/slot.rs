//! The three kinds of event, as types, and what each of them has.

use wsfn_protocol::Kind;

use super::content::{Handshake, Leaving, Payload};

mod sealed {
    pub trait Sealed {}
}

/// One of the three kinds of event: [`OnConnect`], [`OnMessage`], [`OnClose`].
///
/// ```
/// use wsfn::{Event, FromEvent, Rejection, Slot};
///
/// /// How long the event is: an argument of any handler.
/// struct Size(usize);
///
/// impl<'e, E: Slot> FromEvent<'e, E> for Size {
///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
///         Ok(Size(event.raw().len()))
///     }
/// }
/// ```
pub trait Slot: sealed::Sealed + Sized + Send + Sync + 'static {
    /// Which one, for comparisons at compile time.
    #[doc(hidden)]
    const KIND: Kind;
    /// What only this kind of event has.
    #[doc(hidden)]
    type Content: Send + Sync + 'static;
}

/// The event of a client that connects: functions with `#[on_connect]`.
///
/// ```
/// use wsfn::{Event, FromEvent, OnConnect, Rejection, on_connect};
///
/// /// An argument of these functions alone.
/// struct Here;
///
/// impl<'e> FromEvent<'e, OnConnect> for Here {
///     async fn from_event(_: &'e Event<OnConnect>) -> Result<Self, Rejection> {
///         Ok(Here)
///     }
/// }
///
/// #[on_connect]
/// async fn handle(_: Here) {}
/// # fn main() {}
/// ```
#[derive(Debug)]
pub enum OnConnect {}
/// The event of a message from a client: functions with `#[on_message]`.
///
/// ```
/// use wsfn::{Event, FromEvent, OnMessage, Rejection, on_message};
///
/// /// An argument of these functions alone.
/// struct Here;
///
/// impl<'e> FromEvent<'e, OnMessage> for Here {
///     async fn from_event(_: &'e Event<OnMessage>) -> Result<Self, Rejection> {
///         Ok(Here)
///     }
/// }
///
/// #[on_message]
/// async fn handle(_: Here) {}
/// # fn main() {}
/// ```
#[derive(Debug)]
pub enum OnMessage {}
/// The event of a connection that ended: functions with `#[on_close]`.
///
/// ```
/// use wsfn::{Event, FromEvent, OnClose, Rejection, on_close};
///
/// /// An argument of these functions alone.
/// struct Here;
///
/// impl<'e> FromEvent<'e, OnClose> for Here {
///     async fn from_event(_: &'e Event<OnClose>) -> Result<Self, Rejection> {
///         Ok(Here)
///     }
/// }
///
/// #[on_close]
/// async fn handle(_: Here) {}
/// # fn main() {}
/// ```
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
///
/// ```
/// use wsfn::{Event, FromEvent, HasBody, Rejection};
///
/// /// A text in capitals.
/// struct Shout(String);
///
/// impl<'e, E: HasBody<Self> + HasBody<&'e str>> FromEvent<'e, E> for Shout {
///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
///         Ok(Shout(<&str>::from_event(event).await?.to_uppercase()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "only a message has a body: `{X}` cannot be an argument here",
    label = "there is no body to read in this event",
    note = "move this argument to the function with `#[on_message]`"
)]
pub trait HasBody<X>: Slot<Content = Payload> {}
impl<X> HasBody<X> for OnMessage {}

/// The events that have a handshake: connects. A custom extractor that reads one is bounded by it, with its own type
/// in place of `X`.
///
/// ```
/// use wsfn::{Event, FromEvent, HasHandshake, Headers, Rejection};
///
/// /// What the client calls itself.
/// struct Agent(String);
///
/// impl<'e, E: HasHandshake<Self> + HasHandshake<Headers>> FromEvent<'e, E> for Agent {
///     fn setup(setup: &mut wsfn::Setup) {
///         setup.forward_header("user-agent");
///     }
///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
///         let headers = Headers::from_event(event).await?;
///         Ok(Agent(headers.get("user-agent").unwrap_or("unknown").to_owned()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "only a connect event has a handshake: `{X}` cannot be an argument here",
    label = "there is no handshake in this event",
    note = "move this argument to the function with `#[on_connect]`"
)]
pub trait HasHandshake<X>: Slot<Content = Handshake> {}
impl<X> HasHandshake<X> for OnConnect {}

/// The events that say why a connection ended: closes.
///
/// ```
/// use wsfn::{CloseReason, Event, FromEvent, HasReason, Rejection};
///
/// /// Whether the client said goodbye.
/// struct Polite(bool);
///
/// impl<'e, E: HasReason<Self> + HasReason<CloseReason>> FromEvent<'e, E> for Polite {
///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
///         let why = CloseReason::from_event(event).await?;
///         Ok(Polite(why.code == Some(1000)))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "only a close event has a reason: `{X}` cannot be an argument here",
    label = "the connection of this event has not ended",
    note = "move this argument to the function with `#[on_close]`"
)]
pub trait HasReason<X>: Slot<Content = Leaving> {}
impl<X> HasReason<X> for OnClose {}
