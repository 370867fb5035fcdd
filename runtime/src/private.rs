//! What generated code names. Nothing here is for anyone else, and anything may change in any release.

use std::sync::Arc;

use tokio::sync::OnceCell;
use wsfn_settings::{Settings, Sources};

pub use std::result::Result::{Err, Ok};
pub use std::string::String;

pub use wsfn_protocol::Kind;

pub use crate::app::{App, Entry, SlotOf};
pub use crate::context::Context;
pub use crate::event::{OnClose, OnConnect, OnMessage};
pub use crate::extract::{FromEvent, Phase};
pub use crate::reply::{IntoReply, Reply};

use crate::app::Instance;
use crate::error::{Rejection, Result};
use crate::event::Slot;
use crate::push::Push;

/// A boxed future.
pub type BoxFuture<'e, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'e>>;

/// What an attribute generates beside the function, on a type of its name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "no `#[on_connect]`, `#[on_message]` or `#[on_close]` made this",
    note = "put one of these attributes on the `async fn`"
)]
pub trait Handler: Sized {
    /// Which event it is for.
    type Slot: SlotOf;
    /// The function's name.
    const NAME: &'static str;
    /// Whether messages of one connection may be handled at once.
    const UNORDERED: bool = false;
    /// As it stands in a list.
    const LISTED: Listed = Listed {
        entry: entry::<Self>,
        kind: <Self::Slot as Slot>::KIND,
    };
    /// Sets up, or handles an event.
    fn call(phase: Phase<'_, Self::Slot>) -> BoxFuture<'_, Reply>;
}

/// A handler that can be compared at compile time.
#[derive(Debug, Clone, Copy)]
pub struct Listed {
    entry: fn() -> Entry,
    kind: Kind,
}

/// Whether two handlers are for one event.
#[must_use]
pub const fn same(one: Listed, other: Listed) -> bool {
    one.kind as u8 == other.kind as u8
}

/// Which event a handler is for.
#[must_use]
pub const fn kind(listed: Listed) -> Kind {
    listed.kind
}

/// Fails compilation: two handlers are for one event.
///
/// # Panics
/// Always, at compile time.
#[track_caller]
pub const fn clash(text: &'static str) -> ! {
    panic!("{}", text)
}

/// A handler without its types.
#[must_use]
pub fn entry<H: Handler>() -> Entry {
    Entry::new(H::NAME, H::UNORDERED, <H::Slot as SlotOf>::call::<H>())
}

/// An application of these handlers.
#[must_use]
pub fn app<const N: usize>(list: [(&'static str, Listed); N]) -> App {
    App::new(
        list.map(|(name, listed)| (listed.entry)().named(name))
            .into(),
    )
}

/// The application of one handler alone, made when `main_handler` is first called.
#[derive(Debug)]
pub struct Alone(OnceCell<Instance>);

impl Alone {
    /// Not made yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it stands in a `static`")]
    pub const fn new() -> Self {
        Self(OnceCell::const_new())
    }
}

/// `main_handler`: one event through one handler. An application that cannot start answers 1004 and is tried again
/// with the next event.
pub async fn alone(app: &Alone, entry: fn() -> Entry, event: &str, context: &Context) -> String {
    let start = async || -> Result<Instance> {
        let settings = Arc::new(Settings::load(&Sources::from_process())?);
        let push = Push::from_settings(&settings)?;
        App::new(vec![entry()]).start(push, &settings).await
    };
    match app.0.get_or_try_init(start).await {
        Ok(instance) => instance.dispatch(event.into(), context.clone()).await,
        Err(error) => {
            tracing::error!("{error:?}");
            let number = wsfn_protocol::ErrNo::FAILED;
            wsfn_protocol::Reply::error(number, "handler failed").to_json()
        }
    }
}

/// The only place that asks for `Send`, so that a future which is not is one error.
pub fn boxed<'e, F: Future<Output = Reply> + Send + 'e>(future: F) -> BoxFuture<'e, Reply> {
    Box::pin(future)
}

/// `<() as Inferred>::Type<_>` is `_` in more than one token, so that all of a type can be underlined.
pub trait Inferred {
    /// The type itself.
    type Type<T>;
}

impl Inferred for () {
    type Type<T> = T;
}

/// What a generated function returns when all it had to do was to set up.
#[must_use]
pub fn prepared() -> Reply {
    Reply::default()
}

/// An argument could not be made.
#[must_use]
pub fn rejected(argument: &'static str, rejection: Rejection) -> Reply {
    Reply::rejected(argument, rejection)
}

/// What the command `wsfn` does like an app.
pub mod process {
    use tracing_subscriber::{Layer, Registry};
    use wsfn_settings::Settings;

    /// Writes log lines as the settings say, unless the program has a subscriber.
    pub fn set_up_log(settings: &Settings) {
        crate::serve::log::set_up(settings);
    }

    /// The same, beside a layer that has a filter of its own.
    pub fn set_up_log_beside(
        settings: &Settings,
        layer: impl Layer<Registry> + Send + Sync + 'static,
    ) {
        crate::serve::log::set_up_beside(settings, layer);
    }

    /// Ready when the process is asked to end; a second time ends it at once.
    pub async fn shutdown_requested() {
        crate::serve::shutdown::requested().await;
    }
}
