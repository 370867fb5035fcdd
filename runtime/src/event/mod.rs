//! What a handler is called with.

mod content;
mod slot;

use std::fmt;
use std::sync::Arc;

use hyper::http::Extensions;
use wsfn_protocol::RequestContext;

use crate::connection_id::ConnectionId;
use crate::context::Context;
use crate::error::Rejection;
use crate::message::Message;
use crate::push::Push;
use crate::rooms::Rooms;
use crate::state::{State, States};

use content::Piece;
pub(crate) use content::{Content, Handshake, Leaving, Payload};
pub use slot::{HasBody, HasHandshake, HasReason, OnClose, OnConnect, OnMessage, Slot};

/// One event, of the kind `E`: what extractors make a handler's arguments from.
///
/// Arguments may borrow from it, and several may read the same part: nothing is taken out.
///
/// ```
/// use wsfn::{Event, FromEvent, Rejection, Slot};
///
/// /// How large the event was.
/// struct Size(usize);
///
/// impl<'e, E: Slot> FromEvent<'e, E> for Size {
///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
///         Ok(Size(event.raw().len()))
///     }
/// }
/// ```
pub struct Event<E: Slot> {
    pub(crate) id: ConnectionId,
    pub(crate) raw: Arc<str>,
    pub(crate) content: E::Content,
    pub(crate) context: Context,
    pub(crate) rooms: Rooms,
    pub(crate) states: Arc<States>,
    /// What layers left.
    pub(crate) values: Extensions,
}

/// The body of a message, lent.
///
/// ```
/// use wsfn::{Body, Event, FromEvent, OnMessage, Rejection};
///
/// /// The length of a message of either kind.
/// struct Length(usize);
///
/// impl<'e> FromEvent<'e, OnMessage> for Length {
///     async fn from_event(event: &'e Event<OnMessage>) -> Result<Self, Rejection> {
///         Ok(Length(match event.body() {
///             Body::Text(text) => text.len(),
///             Body::Binary(bytes) => bytes.len(),
///         }))
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'e> {
    /// A text message.
    Text(&'e str),
    /// A binary message.
    Binary(&'e [u8]),
}

impl From<Body<'_>> for Message {
    fn from(body: Body<'_>) -> Self {
        match body {
            Body::Text(text) => Self::Text(text.to_owned()),
            Body::Binary(bytes) => Self::Binary(bytes.to_owned()),
        }
    }
}

impl<E: Slot> Event<E> {
    /// Whose event it is.
    ///
    /// ```
    /// # fn example<E: wsfn::Slot>(event: &wsfn::Event<E>) {
    /// println!("{:?}", event.connection_id());
    /// # }
    /// ```
    #[must_use]
    pub const fn connection_id(&self) -> &ConnectionId {
        &self.id
    }

    /// The event's JSON text, for what the types do not name.
    ///
    /// ```
    /// # fn example<E: wsfn::Slot>(event: &wsfn::Event<E>) {
    /// println!("{} bytes", event.raw().len());
    /// # }
    /// ```
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// What the platform says about the invocation.
    ///
    /// ```
    /// # fn example<E: wsfn::Slot>(event: &wsfn::Event<E>) {
    /// println!("{}", event.context().request_id);
    /// # }
    /// ```
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The push client, bounded by the deadline of this invocation.
    ///
    /// ```
    /// # fn example<E: wsfn::Slot>(event: &wsfn::Event<E>) {
    /// let push = event.push().clone();
    /// # }
    /// ```
    #[must_use]
    pub fn push(&self) -> &Push {
        self.rooms.push()
    }

    /// The rooms, bounded by the deadline of this invocation.
    ///
    /// ```
    /// # fn example<E: wsfn::Slot>(event: &wsfn::Event<E>) {
    /// let rooms = event.rooms().clone();
    /// # }
    /// ```
    #[must_use]
    pub const fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The value of this type that a layer has left ([`Invocation::insert`](crate::Invocation::insert)).
    ///
    /// ```
    /// # fn example<E: wsfn::Slot>(event: &wsfn::Event<E>) {
    /// let user: Option<&String> = event.extension();
    /// # }
    /// ```
    #[must_use]
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get()
    }

    /// A state of the application.
    ///
    /// ```
    /// use wsfn::{Event, FromEvent, Rejection, Setup, Slot, State};
    ///
    /// struct Prices(u32);
    /// impl State for Prices {
    ///     async fn init() -> wsfn::Result<Self> {
    ///         Ok(Prices(3))
    ///     }
    /// }
    ///
    /// /// What a ticket costs.
    /// struct Price(u32);
    /// impl<'e, E: Slot> FromEvent<'e, E> for Price {
    ///     fn setup(setup: &mut Setup) {
    ///         setup.state::<Prices>();
    ///     }
    ///     async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
    ///         Ok(Price(event.state::<Prices>().await?.0))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// When nobody asked for it: the extractor that calls this has to do so in
    /// [`FromEvent::setup`](crate::FromEvent::setup), with [`Setup::state`](crate::Setup::state).
    ///
    /// # Cancel safety
    /// It changes nothing, so it may be dropped.
    #[expect(
        clippy::unused_async,
        reason = "so that a state may come to be made on first use"
    )]
    pub async fn state<T: State>(&self) -> Result<&T, Rejection> {
        self.states.get()
    }
}

impl<E: HasBody<Message>> Event<E> {
    /// The body of the message.
    ///
    /// ```
    /// # fn example(event: &wsfn::Event<wsfn::OnMessage>) {
    /// if let wsfn::Body::Text(text) = event.body() {
    ///     println!("{} bytes", text.len());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn body(&self) -> Body<'_> {
        self.payload()
    }
}

impl<E: Slot<Content = Payload>> Event<E> {
    pub(crate) fn payload(&self) -> Body<'_> {
        self.content.body(&self.raw)
    }
}

impl<E: Slot<Content = Handshake>> Event<E> {
    /// The sub-protocols that the client offered, as it wrote them.
    pub(crate) fn protocols(&self) -> Result<Option<&str>, Rejection> {
        self.offered("secWebSocketProtocol", &self.content.protocols)
    }

    /// The extensions that the client offered, as it wrote them.
    pub(crate) fn extensions(&self) -> Result<Option<&str>, Rejection> {
        self.offered("secWebSocketExtensions", &self.content.extensions)
    }

    /// What stands in a field of this name, which is looked at when somebody asks for it.
    fn offered<'e>(
        &'e self,
        name: &str,
        field: &'e Result<Option<Piece>, &'static str>,
    ) -> Result<Option<&'e str>, Rejection> {
        match field {
            Ok(text) => Ok(text.as_ref().map(|text| text.get(&self.raw))),
            Err(found) => Err(Rejection::new(format!(
                "websocket.{name}: expected a string, found {found}"
            ))),
        }
    }

    /// `requestContext`, read each time it is asked for: most handlers never do.
    pub(crate) fn read_request_context(&self) -> Result<RequestContext<'_>, Rejection> {
        self.content.read_request_context(&self.raw)
    }
}

impl<E: Slot<Content = Leaving>> Event<E> {
    pub(crate) fn close_reason(&self) -> Option<&str> {
        let text = self.content.reason.as_ref()?;
        Some(text.get(&self.raw))
    }
}

impl<E: Slot> fmt::Debug for Event<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the text, which holds the whole id, nor what the client sent.
        f.debug_struct("Event")
            .field("kind", &E::KIND)
            .field("id", &self.id)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
