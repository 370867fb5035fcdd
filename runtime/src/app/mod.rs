//! An application: the handlers, and what happens to an event.

mod around;
pub(crate) mod calling;
mod caught;
mod entry;
mod failing;
mod handled;
mod instance;
mod invocation;
mod layer;
mod outcome;
mod run;
mod setup;
mod start;
mod sweep;
#[cfg(all(test, feature = "macros"))]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;
use tower_service::Service;

use around::AroundLayer;
pub(crate) use entry::Call;
pub use entry::{Entry, SlotOf};
pub use handled::Handled;
pub(crate) use instance::Instance;
pub use invocation::Invocation;
pub use layer::Next;
pub(crate) use outcome::Outcome;
#[cfg(feature = "testing")]
pub(crate) use run::forwarding;
pub use setup::Setup;
pub use sweep::Swept;

use crate::error::{BoxError, Error};
use crate::message::Message;
use crate::reply::Failure;
use crate::rooms::Store;
use crate::state::{State, States};

type OnError = Box<dyn Fn(&Failure<'_>) -> Option<Message> + Send + Sync>;

/// An application that is not started yet: [`app!`](crate::app!) makes one from its handlers.
///
/// ```no_run
/// use wsfn::{Result, Text, on_message};
///
/// #[on_message]
/// async fn shout(line: &str) -> Text {
///     Text(line.to_uppercase())
/// }
///
/// fn main() -> Result<()> {
///     wsfn::app![shout].page("<!doctype html><title>Shout</title>…").run()
/// }
/// ```
pub struct App {
    handlers: Vec<Entry>,
    /// Messages are unordered, whoever handles them: the function that answers the connect says so.
    unordered: bool,
    states: States,
    page: Option<Cow<'static, str>>,
    on_error: Option<OnError>,
    /// Put around what is inside, in this order.
    layers: Vec<Box<dyn FnOnce(Next) -> Next + Send>>,
    setup: Setup,
    store: Option<Arc<dyn Store>>,
}

impl App {
    pub(crate) fn new(handlers: Vec<Entry>) -> Self {
        Self {
            unordered: handlers.iter().any(Entry::is_unordered),
            handlers,
            states: States::default(),
            page: None,
            on_error: None,
            layers: Vec::new(),
            setup: Setup::default(),
            store: None,
        }
    }

    /// Lends this value to handlers instead of one that [`State::init`] makes: in tests, or where it is made by hand.
    ///
    /// ```
    /// # use wsfn::{Result, State, on_message};
    /// struct Greeting(String);
    /// impl State for Greeting {
    ///     async fn init() -> Result<Self> {
    ///         Ok(Greeting(std::env::var("GREETING")?))
    ///     }
    /// }
    /// # #[on_message] async fn talk(greeting: &Greeting) -> String { greeting.0.clone() }
    /// # fn main() {
    /// let app = wsfn::app![talk].state(Greeting("hello".to_owned()));
    /// # }
    /// ```
    #[must_use]
    pub fn state<T: State>(mut self, value: T) -> Self {
        self.states.insert(value);
        self
    }

    /// Keeps rooms and sessions in this store, whatever the setting `store` says: in one that is opened by hand, in one
    /// of your own, or, in tests, in memory.
    ///
    /// ```
    /// use wsfn::rooms::MemoryStore;
    /// # use wsfn::{Result, Rooms, on_message};
    /// # #[on_message] async fn talk(rooms: &Rooms) -> Result<()> { Ok(()) }
    /// # fn main() {
    /// let app = wsfn::app![talk].store(MemoryStore::new());
    /// # }
    /// ```
    #[must_use]
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// What a browser gets that opens the gateway's address: HTML. Only the embedded gateway has an address to open.
    ///
    /// ```
    /// # #[wsfn::on_message] async fn talk() {}
    /// # fn main() {
    /// let app = wsfn::app![talk].page("<!doctype html><title>chat</title><h1>A chat</h1>");
    /// # }
    /// ```
    #[must_use]
    pub fn page(mut self, html: impl Into<Cow<'static, str>>) -> Self {
        self.page = Some(html.into());
        self
    }

    /// What a client is told whose message failed, instead of `{"errNo":…,"errMsg":…}`; `None` tells it nothing. The
    /// setting `errors-to-client` has no say then.
    ///
    /// ```
    /// use wsfn::{Message, on_message};
    /// # #[on_message] async fn talk() {}
    /// # fn main() {
    /// let app = wsfn::app![talk].on_error(|failure| {
    ///     (failure.err_no() != 1003).then(|| Message::from("something went wrong, please try again"))
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn on_error(
        mut self,
        tell: impl Fn(&Failure<'_>) -> Option<Message> + Send + Sync + 'static,
    ) -> Self {
        self.on_error = Some(Box::new(tell));
        self
    }

    /// Puts a [tower](https://docs.rs/tower) layer around the call of every event: to time it, to limit it, to refuse
    /// it. Layers do it once for all handlers, with what the ecosystem has.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use tower::limit::ConcurrencyLimitLayer;
    /// use tower::timeout::TimeoutLayer;
    /// # use wsfn::on_message;
    /// # #[on_message] async fn talk() {}
    ///
    /// fn main() -> wsfn::Result<()> {
    ///     wsfn::app![talk]
    ///         .layer(ConcurrencyLimitLayer::new(100))
    ///         .layer(TimeoutLayer::new(Duration::from_secs(5))) // with the time that an event waits for its turn
    ///         .run()
    /// }
    /// ```
    ///
    /// - The layer that was added last is the outermost: it sees an event first, and its outcome last.
    /// - Layers see every event of every front end that can be read, with or without a handler for it. One that cannot
    ///   be read (101, 102, 1001) has neither a kind nor a connection, and is answered before.
    /// - A handler that fails is `Ok` with a [`Handled`] that says so. An error of a layer is answered as one of a
    ///   handler: with 1004, or with the number of a [`Refuse`](crate::Refuse) inside. So a layer refuses a client
    ///   that connects, or a message, without a call of the handler.
    /// - A panic in a layer is answered with 1005, and one that waits too long with 1006, at the deadline of the
    ///   invocation.
    /// - Messages of one connection come one after the other, so a layer that waits holds up that connection, unless its
    ///   handler is [`#[on_message(unordered)]`](crate::on_message).
    ///
    /// For an `async fn` there is [`App::around`]. An application without layers does not pay for them.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Next> + Send + 'static,
        L::Service: Service<Invocation, Response = Handled> + Clone + Send + Sync + 'static,
        <L::Service as Service<Invocation>>::Error: Into<BoxError>,
        <L::Service as Service<Invocation>>::Future: Send + 'static,
    {
        let layer = move |next| Next::layer(layer.layer(next));
        self.layers.push(Box::new(layer));
        self
    }

    /// Puts an `async fn` around the call of every event: a layer as [`App::layer`] has them, without its types.
    ///
    /// ```no_run
    /// use std::time::Instant;
    /// use wsfn::{Handled, Invocation, Next, Result};
    /// # use wsfn::on_message;
    /// # #[on_message] async fn talk() {}
    ///
    /// async fn timed(invocation: Invocation, next: Next) -> Result<Handled> {
    ///     let (kind, started) = (invocation.kind(), Instant::now());
    ///     let handled = next.run(invocation).await?;
    ///     println!("{kind:?} {} in {:?}", handled.err_no(), started.elapsed());
    ///     Ok(handled)
    /// }
    ///
    /// fn main() -> Result<()> {
    ///     wsfn::app![talk].around(timed).run()
    /// }
    /// ```
    #[must_use]
    pub fn around<F, T, X>(self, function: F) -> Self
    where
        F: Fn(Invocation, Next) -> T + Clone + Send + Sync + 'static,
        T: Future<Output = Result<Handled, X>> + Send + 'static,
        X: Into<Error> + 'static,
    {
        self.layer(AroundLayer(function))
    }

    /// Asks for what layers need before the first event, as extractors do for themselves: a header of the handshake,
    /// the query string.
    ///
    /// ```
    /// # use wsfn::on_message;
    /// # #[on_message] async fn talk() {}
    /// # fn main() {
    /// let app = wsfn::app![talk].setup(|setup| {
    ///     setup.forward_header("authorization").forward_query();
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn setup(mut self, ask: impl FnOnce(&mut Setup)) -> Self {
        ask(&mut self.setup);
        self
    }

    /// Keeps only the handler that SCF's `_HANDLER` (`file.method`) names before its dot, if one of that name is
    /// listed: so that one binary can be three functions. That messages are unordered is still known to all three.
    pub(crate) fn narrowed(mut self, handler: &str) -> Self {
        let name = handler.split('.').next().unwrap_or_default();
        if self.handlers.iter().any(|entry| entry.name() == name) {
            self.handlers.retain(|entry| entry.name() == name);
        }
        self
    }

    /// The page, taken out.
    #[cfg_attr(
        not(feature = "gateway"),
        expect(dead_code, reason = "only the gateway asks")
    )]
    pub(crate) const fn take_page(&mut self) -> Option<Cow<'static, str>> {
        self.page.take()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
