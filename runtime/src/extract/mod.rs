//! Arguments: how each is made from the event.

mod body;
mod connect;
pub(crate) mod explain;
mod extracted;
mod json;
mod maybe;
mod shared;

use std::future::Future;

pub use connect::{ClientAddr, Extensions, Headers, Protocols, Query};
pub(crate) use extracted::Extracted;
pub use shared::{CloseReason, RawEvent};

use crate::app::Setup;
use crate::error::Rejection;
use crate::event::{Event, Slot};

/// Makes an argument of a handler from the event.
///
/// It may borrow from the event, and call other extractors:
///
/// ```
/// use serde::Deserialize;
/// use wsfn::{Event, FromEvent, HasBody, Json, Rejection, on_message};
///
/// trait Check {
///     fn check(&self) -> Result<(), String>;
/// }
///
/// /// JSON that has been looked at.
/// struct Valid<T>(T);
///
/// impl<'e, E: HasBody<Json<T>>, T: Deserialize<'e> + Check + Send + 'e> FromEvent<'e, E> for Valid<T> {
///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
///         let Json(value) = Json::<T>::from_event(event).await?;
///         value.check().map_err(Rejection::new)?;
///         Ok(Valid(value))
///     }
/// }
/// # #[derive(Deserialize)] struct Line<'a> { text: &'a str }
/// # impl Check for Line<'_> { fn check(&self) -> Result<(), String> { Ok(()) } }
/// #[on_message]
/// async fn talk(Valid(line): Valid<Line<'_>>) {
///     println!("{}", line.text);
/// }
/// # fn main() {}
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "not an extractor for this event",
    note = "`#[on_connect]` expects `async fn name(id: &ConnectionId, offered: Protocols, rooms: &Rooms, push: &Push, state: &MyState) -> Result<Accept>`; only here are `Headers`, `Query<T>` and `ClientAddr`",
    note = "`#[on_message]` expects `async fn name(id: &ConnectionId, text: &str, rooms: &Rooms, push: &Push, state: &MyState) -> Result<()>`; only here is a body, and for `&str` there can stand `&[u8]`, `Json<T>` or `Message`",
    note = "`#[on_close]` expects `async fn name(id: &ConnectionId, reason: CloseReason, rooms: &Rooms, push: &Push, state: &MyState) -> Result<()>`",
    note = "take only what you need, in any order; a type of yours is an argument as `&T` where it implements `State` (`impl State for T {{ async fn init() -> Result<Self> {{ … }} }}`), or as itself where it implements `FromEvent`"
)]
pub trait FromEvent<'e, E: Slot>: Sized + Send + 'e {
    /// Asks for what must be ready before the first event: a state, the push address, a header.
    ///
    /// ```
    /// use wsfn::{Event, FromEvent, OnConnect, Rejection, Setup};
    ///
    /// struct Asked;
    ///
    /// impl<'e> FromEvent<'e, OnConnect> for Asked {
    ///     fn setup(setup: &mut Setup) {
    ///         setup.forward_query();
    ///     }
    ///     async fn from_event(_: &'e Event<OnConnect>) -> Result<Self, Rejection> {
    ///         Ok(Asked)
    ///     }
    /// }
    /// ```
    fn setup(setup: &mut Setup) {
        let _ = setup;
    }

    /// Makes the argument, or says why it cannot be made. Arguments are made one after the other, in the order in
    /// which they stand.
    ///
    /// ```
    /// use wsfn::{Event, FromEvent, OnMessage, Rejection};
    ///
    /// /// A line that is not too long.
    /// struct Short<'e>(&'e str);
    ///
    /// impl<'e> FromEvent<'e, OnMessage> for Short<'e> {
    ///     async fn from_event(event: &'e Event<OnMessage>) -> Result<Self, Rejection> {
    ///         match <&str>::from_event(event).await? {
    ///             line if line.len() > 200 => Err(Rejection::new("at most 200 bytes")),
    ///             line => Ok(Short(line)),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The rejection becomes errNo 1003, and its text `errMsg`.
    fn from_event(event: &'e Event<E>) -> impl Future<Output = Result<Self, Rejection>> + Send;

    /// [`FromEvent::from_event`] as a type that can be named, so that one mistake is one error and wrappers stay
    /// `Send`. What is ready at once overrides it and needs no box.
    #[doc(hidden)]
    fn __extract(event: &'e Event<E>) -> Extracted<'e, Self> {
        Extracted::Later(Box::pin(Self::from_event(event)))
    }

    /// Whether an `Option` of this is `None`, although the type itself could be made: an empty list of headers, say.
    #[doc(hidden)]
    fn __is_absent(event: &'e Event<E>) -> bool {
        let _ = event;
        false
    }

    /// All that generated code asks of an argument's type: does the set-up where that is the phase, and says how to
    /// extract later.
    #[doc(hidden)]
    fn __argument(phase: &mut Phase<'e, E>) -> fn(&'e Event<E>) -> Extracted<'e, Self> {
        if let Phase::Setup(setup) = phase {
            Self::setup(setup);
        }
        Self::__extract
    }
}

/// What a generated function is called for.
#[doc(hidden)]
#[derive(Debug)]
pub enum Phase<'e, E: Slot> {
    /// To ask for what its arguments and its return value need.
    Setup(&'e mut Setup),
    /// To handle an event.
    Event(&'e Event<E>),
}

/// Implements [`FromEvent`] for what is ready at once: `[generics] Type, Bound of the slot, event => value`, and
/// what it asks for beforehand, and when an `Option` of it is `None`.
macro_rules! ready {
    ($(#[$attribute:meta])* [$($generics:tt)*] $type:ty, $bound:path, $event:ident => $value:expr $(, $setup:ident => $ask:expr)? $(; $there:ident absent if $absent:expr)?) => {
        $(#[$attribute])*
        impl<'e, E: $bound, $($generics)*> $crate::extract::FromEvent<'e, E> for $type {
            $(fn setup($setup: &mut $crate::app::Setup) { $ask; })?
            async fn from_event(event: &'e $crate::event::Event<E>) -> Result<Self, $crate::error::Rejection> {
                Self::__extract(event).await
            }
            fn __extract($event: &'e $crate::event::Event<E>) -> $crate::extract::Extracted<'e, Self> {
                $crate::extract::Extracted::now($value)
            }
            $(fn __is_absent($there: &'e $crate::event::Event<E>) -> bool { $absent })?
        }
    };
}
use ready;
