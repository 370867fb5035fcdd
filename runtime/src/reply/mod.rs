//! Return values: what each means for the event.

mod accept;
mod failure;

use std::sync::Arc;

use serde::Serialize;
use wsfn_protocol::Payload;

pub use accept::Accept;
pub use failure::Failure;
pub(crate) use failure::Problem;

use crate::app::Setup;
use crate::error::{Error, Rejection};
use crate::event::{OnClose, OnConnect, OnMessage, Slot};
use crate::extract::{Phase, RawEvent};
use crate::message::{Binary, IntoMessage, Json, Message, Plain, Text};

/// What a handler returned, as the framework sees it.
///
/// ```
/// use wsfn::{IntoReply, OnMessage, Reply};
///
/// /// A word that is sent back.
/// struct Word(&'static str);
///
/// impl IntoReply<OnMessage> for Word {
///     fn into_reply(self) -> Reply {
///         IntoReply::<OnMessage>::into_reply(self.0)
///     }
/// }
/// ```
#[derive(Debug, Default)]
pub struct Reply {
    pub(crate) result: Answer,
}

/// What is answered.
#[derive(Debug, Default)]
pub(crate) enum Answer {
    /// `errNo` 0.
    #[default]
    Done,
    /// `errNo` 0 to a connect, with a sub-protocol where one was chosen.
    Accept(Option<String>),
    /// `errNo` 0, and a message to the sender.
    Message(Payload<'static>),
    /// The event itself.
    Event(Arc<str>),
    /// Another `errNo`. In a box, because what did not fail is to be small.
    Failed(Box<Problem>),
}

impl Reply {
    const fn new(result: Answer) -> Self {
        Self { result }
    }

    pub(crate) fn failed(problem: Problem) -> Self {
        Self::new(Answer::Failed(Box::new(problem)))
    }

    pub(crate) fn rejected(argument: &'static str, rejection: Rejection) -> Self {
        Self::failed(Problem::rejected(argument, rejection))
    }
}

/// What a handler may return.
///
/// A connect handler returns `()` or [`Accept`]; a message handler `()`, [`Text`], [`Binary`], [`Json`], [`Message`],
/// `&str`, `String` or an `Option` of these, which is sent to the client whose message it was; a close handler `()`.
/// Message and close handlers may return [`RawEvent`] too. Each may return a `Result` of it, with any error that turns
/// into [`Error`].
///
/// ```
/// use wsfn::{IntoReply, OnMessage, Reply, Text, on_message};
///
/// /// A number, sent as text.
/// struct Number(u64);
///
/// impl IntoReply<OnMessage> for Number {
///     fn into_reply(self) -> Reply {
///         IntoReply::<OnMessage>::into_reply(Text(self.0.to_string()))
///     }
/// }
///
/// #[on_message]
/// async fn count(line: &str) -> Number {
///     Number(line.len() as u64)
/// }
/// # fn main() { let _ = wsfn::app![count]; }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned from a handler",
    label = "not an answer to this event",
    note = "`#[on_connect]` expects `async fn name(…) -> Result<Accept>`; `()`, `Accept` or a `Result` of these can be returned, and an `Err` refuses the client",
    note = "`#[on_message]` expects `async fn name(…) -> Result<()>`; `()` or what goes back to the sender can be returned: `&str`, `String`, `Text`, `Binary`, `Json<T>`, `Message`, an `Option` or a `Result` of these",
    note = "`#[on_close]` expects `async fn name(…) -> Result<()>`; `()` or `Result<()>` can be returned"
)]
pub trait IntoReply<E: Slot>: Sized {
    /// Asks for what must be ready before the first event.
    ///
    /// ```
    /// use wsfn::{IntoReply, OnMessage, Reply, Setup};
    ///
    /// /// Nothing to the sender, but something to somebody else.
    /// struct Elsewhere;
    ///
    /// impl IntoReply<OnMessage> for Elsewhere {
    ///     fn setup(setup: &mut Setup) {
    ///         setup.push();
    ///     }
    ///     fn into_reply(self) -> Reply {
    ///         Reply::default()
    ///     }
    /// }
    /// ```
    fn setup(setup: &mut Setup) {
        let _ = setup;
    }

    /// What it means.
    ///
    /// ```
    /// use wsfn::{Accept, IntoReply, OnConnect};
    /// let reply = IntoReply::<OnConnect>::into_reply(Accept::new());
    /// ```
    fn into_reply(self) -> Reply;

    /// All that generated code asks of a return type, as `FromEvent::__argument` does of an argument's.
    #[doc(hidden)]
    fn __reply(phase: &mut Phase<'_, E>) -> fn(Self) -> Reply {
        if let Phase::Setup(setup) = phase {
            Self::setup(setup);
        }
        Self::into_reply
    }
}

/// The events that can be answered with a message: messages.
///
/// ```
/// use wsfn::{Answered, IntoReply, Reply, Text};
///
/// /// A number, sent as text: to a message, which has somebody to answer.
/// struct Number(u64);
///
/// impl<E: Answered<Self> + Answered<Text>> IntoReply<E> for Number {
///     fn into_reply(self) -> Reply {
///         IntoReply::<E>::into_reply(Text(self.0.to_string()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "only a message can be answered: `{X}` cannot be returned here",
    label = "this event has nobody to answer",
    note = "a function with `#[on_connect]` returns `()`, `Accept` or a `Result` of these, one with `#[on_close]` returns `()` or `Result<()>`; to send something take a `&Push`"
)]
pub trait Answered<X>: Slot {}
impl<X> Answered<X> for OnMessage {}

/// The events that can be accepted: connects.
///
/// ```
/// use wsfn::{Accept, IntoReply, Opens, Reply};
///
/// /// Accepts with the sub-protocol of a version.
/// struct Version(u8);
///
/// impl<E: Opens<Self> + Opens<Accept>> IntoReply<E> for Version {
///     fn into_reply(self) -> Reply {
///         IntoReply::<E>::into_reply(Accept::with_protocol(format!("chat.v{}", self.0)))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "only a connect event can be accepted: `{X}` cannot be returned here",
    label = "this event opens no connection",
    note = "`Accept` is for the function with `#[on_connect]`; return `()` or `Result<()>` here"
)]
pub trait Opens<X>: Slot {}
impl<X> Opens<X> for OnConnect {}

#[diagnostic::do_not_recommend]
impl<E: Slot> IntoReply<E> for () {
    fn into_reply(self) -> Reply {
        Reply::default()
    }
}

impl<E: Opens<Self>> IntoReply<E> for Accept {
    fn into_reply(self) -> Reply {
        Reply::new(Answer::Accept(self.into_protocol()))
    }
}

/// A message to the sender; one that cannot be written as JSON is the handler's failure.
fn message(message: impl IntoMessage) -> Reply {
    match message.into_message() {
        Ok(data) => Reply::new(Answer::Message(data.into_owned())),
        Err(error) => Reply::failed(Problem::from_error(error)),
    }
}

/// Implements [`IntoReply`] for what is sent to the sender: `[generics] Type`.
macro_rules! answers {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)* E: Answered<$type>> IntoReply<E> for $type {
            fn setup(setup: &mut Setup) {
                setup.answer();
            }
            fn into_reply(self) -> Reply {
                message(self)
            }
        }
    };
}

answers!(['t,] &'t str);
answers!([] String);
answers!([] Text);
answers!(['t,] Text<&'t str>);
answers!([] Binary);
answers!(['t,] Binary<&'t [u8]>);
answers!([T: Serialize,] Json<T>);
answers!([] Message);

#[diagnostic::do_not_recommend]
impl<E: Answered<Self>, T: IntoMessage> IntoReply<E> for Plain<T> {
    fn setup(setup: &mut Setup) {
        setup.answer();
    }

    fn into_reply(self) -> Reply {
        message(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoReply<OnMessage> for RawEvent {
    fn into_reply(self) -> Reply {
        Reply::new(Answer::Event(self.0))
    }
}

#[diagnostic::do_not_recommend]
impl IntoReply<OnClose> for RawEvent {
    fn into_reply(self) -> Reply {
        Reply::new(Answer::Event(self.0))
    }
}

impl<E: Slot, R: IntoReply<E>> IntoReply<E> for Option<R> {
    fn setup(setup: &mut Setup) {
        R::setup(setup);
    }

    fn into_reply(self) -> Reply {
        self.map_or_else(Reply::default, R::into_reply)
    }
}

impl<E: Slot, R: IntoReply<E>, X: Into<Error>> IntoReply<E> for Result<R, X> {
    fn setup(setup: &mut Setup) {
        R::setup(setup);
    }

    fn into_reply(self) -> Reply {
        match self {
            Ok(value) => value.into_reply(),
            Err(error) => Reply::failed(Problem::from_error(error.into())),
        }
    }
}
