//! An event on its way through the layers.

use std::fmt;
use std::sync::Arc;

use hyper::http::Extensions;
use tracing::Span;
use wsfn_protocol::{Kind, RequestContext};

use super::calling::handle;
use super::{Call, Entry, Handled, calling};
use crate::connection_id::ConnectionId;
use crate::context::Context;
use crate::error::Rejection;
use crate::event::{Body, Content, Event};
use crate::extract::Phase;
use crate::push::Push;
use crate::rooms::Rooms;
use crate::state::States;

/// One event on its way to its handler: what layers see ([`App::layer`](crate::App::layer)).
///
/// ```
/// use wsfn::{Handled, Invocation, Kind, Next, Result};
///
/// async fn told(event: Invocation, next: Next) -> Result<Handled> {
///     let (kind, handler) = (event.kind(), event.handler().unwrap_or("nobody"));
///     println!("{kind:?} of {:?} for {handler}", event.connection_id());
///     if kind == Kind::Connect {
///         println!("from {:?}", event.request_context()?.source_ip);
///     }
///     next.run(event).await
/// }
/// # #[wsfn::on_message] async fn talk() {}
/// # fn main() { let _ = wsfn::app![talk].around(told); }
/// ```
pub struct Invocation {
    pub(super) entry: Option<Entry>,
    pub(super) id: ConnectionId,
    pub(super) raw: Arc<str>,
    pub(super) content: Content,
    pub(super) context: Context,
    pub(super) rooms: Rooms,
    pub(super) states: Arc<States>,
    pub(super) values: Extensions,
    /// What a test has in store for handlers.
    #[cfg(feature = "testing")]
    pub(super) faults: Option<Arc<crate::testing::Faults>>,
}

impl Invocation {
    /// Which event it is.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// let speaks = event.kind() == wsfn::Kind::Message;
    /// # }
    /// ```
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.content.kind()
    }

    /// The name of the handler that it is for. `None` where no handler is: a client that connects is accepted then, a
    /// message is answered with 1002.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// let name = event.handler().unwrap_or("none");
    /// # }
    /// ```
    #[must_use]
    pub fn handler(&self) -> Option<&'static str> {
        self.entry.as_ref().map(Entry::name)
    }

    /// Whose event it is.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// println!("{:?}", event.connection_id());
    /// # }
    /// ```
    #[must_use]
    pub const fn connection_id(&self) -> &ConnectionId {
        &self.id
    }

    /// What the platform says about the invocation.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// println!("{}", event.context().request_id);
    /// # }
    /// ```
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The event's JSON text, for what the types do not name.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// println!("{} bytes", event.raw().len());
    /// # }
    /// ```
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The body of a message.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// if let Some(wsfn::Body::Text(text)) = event.body() {
    ///     println!("{} bytes", text.len());
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn body(&self) -> Option<Body<'_>> {
        match &self.content {
            Content::Message(payload) => Some(payload.body(&self.raw)),
            Content::Connect(_) | Content::Close(_) => None,
        }
    }

    /// What the gateway says of a client that connects: its address, and the headers and the query string that are
    /// forwarded ([`App::setup`](crate::App::setup)).
    ///
    /// ```
    /// # fn example(event: wsfn::Invocation) -> wsfn::Result<()> {
    /// let address = event.request_context()?.source_ip;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the event is no connect, or its `requestContext` cannot be read.
    pub fn request_context(&self) -> Result<RequestContext<'_>, Rejection> {
        match &self.content {
            Content::Connect(handshake) => handshake.read_request_context(&self.raw),
            Content::Message(_) | Content::Close(_) => Err(Rejection::absent(
                "requestContext: only a connect event has one",
            )),
        }
    }

    /// The push client, bounded by the deadline of this invocation.
    ///
    /// ```
    /// # async fn example(event: wsfn::Invocation) -> wsfn::Result<()> {
    /// event.push().text(event.connection_id(), "one moment").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn push(&self) -> &Push {
        self.rooms.push()
    }

    /// Leaves a value for what is further inside: other layers, and extractors by
    /// [`Event::extension`](crate::Event::extension). It replaces one of the same type, which is returned.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// #[derive(Clone)]
    /// struct User(String);
    /// event.insert(User("ann".to_owned()));
    /// assert_eq!(event.get::<User>().unwrap().0, "ann");
    /// # }
    /// ```
    pub fn insert<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.values.insert(value)
    }

    /// The value of this type that a layer further outside has left.
    ///
    /// ```
    /// # fn example(mut event: wsfn::Invocation) {
    /// let user: Option<&String> = event.get();
    /// # }
    /// ```
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values.get()
    }

    /// Calls the handler.
    pub(super) async fn handle(self) -> Handled {
        let Self {
            entry,
            id,
            raw,
            content,
            context,
            rooms,
            states,
            values,
            #[cfg(feature = "testing")]
            faults,
        } = self;
        let Some(entry) = entry else {
            return Handled(calling::unhandled(content.kind()));
        };
        // The span is around the layers.
        let (answer, ..) = handle!(entry, content, Span::none(), |content| Event {
            id,
            raw,
            content,
            context,
            rooms,
            states,
            values,
        }; faults faults; else return Handled::ok());
        Handled(answer)
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the text, which holds the whole id, nor what the client sent.
        f.debug_struct("Invocation")
            .field("kind", &self.kind())
            .field("id", &self.id)
            .field("handler", &self.handler())
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
