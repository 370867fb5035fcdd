//! An application: the handlers, and what happens to an event.

mod calling;
mod caught;
mod entry;
mod instance;
mod outcome;
mod run;
mod setup;
mod start;
#[cfg(all(test, feature = "macros"))]
mod tests;

use std::borrow::Cow;
use std::fmt;

pub(crate) use entry::Call;
pub use entry::{Entry, SlotOf};
pub(crate) use instance::Instance;
pub(crate) use outcome::Outcome;
#[cfg(feature = "testing")]
pub(crate) use run::forwarding;
pub use setup::Setup;

use crate::message::Message;
use crate::reply::Failure;
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
    states: States,
    page: Option<Cow<'static, str>>,
    on_error: Option<OnError>,
}

impl App {
    pub(crate) fn new(handlers: Vec<Entry>) -> Self {
        Self {
            handlers,
            states: States::default(),
            page: None,
            on_error: None,
        }
    }

    /// Lends this value to handlers instead of one that [`State::init`] makes: in tests, or where it is made by hand.
    #[must_use]
    pub fn state<T: State>(mut self, value: T) -> Self {
        self.states.insert(value);
        self
    }

    /// What a browser gets that opens the gateway's address: HTML. Only the embedded gateway has an address to open.
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

    /// Keeps only the handler that SCF's `_HANDLER` (`file.method`) names before its dot, if one of that name is
    /// listed: so that one binary can be three functions.
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
