//! What must be ready before the first event.

use std::any::{TypeId, type_name};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Result;
use crate::state::{Shared, State};

type Making = Pin<Box<dyn Future<Output = Result<Shared>> + Send>>;

/// What arguments and return values ask for before the first event: a custom extractor does so in
/// [`FromEvent::setup`](crate::FromEvent::setup).
///
/// ```
/// use wsfn::{Event, FromEvent, OnConnect, Rejection, Setup};
///
/// struct Token(String);
///
/// impl<'e> FromEvent<'e, OnConnect> for Token {
///     fn setup(setup: &mut Setup) {
///         setup.forward_header("authorization");
///     }
///     async fn from_event(event: &'e Event<OnConnect>) -> Result<Self, Rejection> {
///         let headers = wsfn::Headers::from_event(event).await?;
///         let token = headers.get("authorization").ok_or(Rejection::absent("authorization: missing header"))?;
///         Ok(Token(token.to_owned()))
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Setup {
    pub(crate) push: bool,
    pub(crate) rooms: bool,
    pub(crate) answers: bool,
    pub(crate) states: BTreeMap<TypeId, Maker>,
    pub(crate) forward_headers: BTreeSet<String>,
    pub(crate) forward_query: bool,
    /// Whether a handler wants to know when its client has left.
    pub(crate) gone: bool,
}

/// How a state is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Maker {
    pub(crate) name: &'static str,
    pub(crate) make: fn() -> Making,
}

impl Setup {
    /// Asks for somewhere to push to: where `push-url` is missing, the application does not start.
    ///
    /// ```
    /// # fn example(setup: &mut wsfn::Setup) {
    /// setup.push();
    /// # }
    /// ```
    pub fn push(&mut self) -> &mut Self {
        self.push = true;
        self
    }

    /// Asks for rooms: a gateway of ours, or a store. Where there is neither, the application does not start.
    ///
    /// ```
    /// # fn example(setup: &mut wsfn::Setup) {
    /// setup.rooms();
    /// # }
    /// ```
    pub fn rooms(&mut self) -> &mut Self {
        self.rooms = true;
        self.push()
    }

    /// Asks for a state to be made.
    ///
    /// ```
    /// # struct Db; impl wsfn::State for Db { async fn init() -> wsfn::Result<Self> { Ok(Db) } }
    /// # fn example(setup: &mut wsfn::Setup) {
    /// setup.state::<Db>();
    /// # }
    /// ```
    pub fn state<T: State>(&mut self) -> &mut Self {
        let maker = Maker {
            name: type_name::<T>(),
            make: || Box::pin(async { Ok(Arc::new(T::init().await?) as Shared) }),
        };
        self.states.insert(TypeId::of::<T>(), maker);
        self
    }

    /// Asks the embedded gateway to put this header of the handshake into the connect event, beside those of the
    /// setting `forward-headers`. Other gateways do as they are set up to.
    ///
    /// ```
    /// # fn example(setup: &mut wsfn::Setup) {
    /// setup.forward_header("authorization").forward_header("cookie");
    /// # }
    /// ```
    pub fn forward_header(&mut self, name: &str) -> &mut Self {
        self.forward_headers.insert(name.to_ascii_lowercase());
        self
    }

    /// Asks the embedded gateway to put the query string into the connect event, as the setting `forward-query` does.
    ///
    /// ```
    /// # fn example(setup: &mut wsfn::Setup) {
    /// setup.forward_query();
    /// # }
    /// ```
    pub fn forward_query(&mut self) -> &mut Self {
        self.forward_query = true;
        self
    }

    /// A return value is pushed: a missing `push-url` is worth a warning, because the reply may carry the push.
    pub(crate) const fn answer(&mut self) {
        self.answers = true;
    }
}
