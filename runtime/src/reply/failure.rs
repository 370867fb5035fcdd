//! An event that failed.

use std::borrow::Cow;

use wsfn_protocol::{ErrNo, Kind, Note};

use crate::connection_id::ConnectionId;
use crate::error::{Error, Refuse, Rejection};
use crate::message::Message;
use crate::push::PushError;

/// Why an event is answered with another number than 0.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) err_no: ErrNo,
    pub(crate) err_msg: Cow<'static, str>,
    /// Whether the text is the application's own, and so may go to a client that is not let in.
    pub(crate) own_text: bool,
    /// For the log.
    pub(crate) error: Option<Error>,
    /// The argument that could not be made, for the log.
    pub(crate) argument: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(err_no: ErrNo, err_msg: impl Into<Cow<'static, str>>) -> Self {
        Self {
            err_no,
            err_msg: err_msg.into(),
            own_text: false,
            error: None,
            argument: None,
        }
    }

    pub(crate) fn rejected(argument: &'static str, rejection: Rejection) -> Self {
        Self {
            argument: Some(argument),
            ..Self::new(ErrNo::REJECTED, rejection.into_text())
        }
    }

    pub(crate) fn from_error(error: Error) -> Self {
        let (err_no, text) = error.answer();
        Self {
            own_text: error.find::<Refuse>().is_some(),
            error: Some(error),
            ..Self::new(
                err_no,
                text.map_or(Cow::Borrowed("handler failed"), Cow::Owned),
            )
        }
    }

    /// Whether the same event may go well later.
    fn is_temporary(&self) -> bool {
        if self.err_no == ErrNo::TIMED_OUT {
            return true;
        }
        let Some(error) = &self.error else {
            return false;
        };
        // The application's own word counts, whatever its cause was.
        if let Some(refuse) = error.find::<Refuse>() {
            return refuse.is_temporary();
        }
        error
            .find::<PushError>()
            .is_some_and(|push| push.is_throttled() || push.is_timeout())
    }

    /// What the sender is told.
    pub(crate) fn note<'n>(&'n self, message: Option<&'n str>) -> Note<'n> {
        let note = Note::new(self.err_no, &self.err_msg, self.is_temporary());
        match message {
            Some(text) => note.answering(text),
            None => note,
        }
    }

    /// What stands in `errMsg`. A client that is not let in is anonymous: it gets the application's own text, or a
    /// fixed one that says nothing about the inside.
    pub(crate) fn answered(&self, kind: Kind) -> Cow<'static, str> {
        match (kind, self.err_no) {
            (Kind::Connect, ErrNo::REJECTED) if !self.own_text => "request rejected".into(),
            _ => self.err_msg.clone(),
        }
    }
}

/// A message that failed, as [`App::on_error`](crate::App::on_error) is told.
///
/// ```
/// use wsfn::{Message, on_message};
/// # #[on_message] async fn talk() {}
/// # fn main() {
/// let app = wsfn::app![talk].on_error(|failure| {
///     let text = format!("error {}: {}", failure.err_no(), failure.err_msg());
///     Some(Message::from(text))
/// });
/// # }
/// ```
#[derive(Debug)]
pub struct Failure<'f> {
    pub(crate) problem: &'f Problem,
    pub(crate) id: &'f ConnectionId,
    pub(crate) note: Note<'f>,
}

impl Failure<'_> {
    /// The number, such as 1003 or a [`Refuse`]'s own.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// let refused = failure.err_no() == 1003;
    /// # }
    /// ```
    #[must_use]
    pub const fn err_no(&self) -> i64 {
        self.problem.err_no.0
    }

    /// The text that goes with it, which holds nothing internal.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// println!("{}", failure.err_msg());
    /// # }
    /// ```
    #[must_use]
    pub fn err_msg(&self) -> &str {
        &self.problem.err_msg
    }

    /// Whose message it was.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// println!("{:?}", failure.connection_id());
    /// # }
    /// ```
    #[must_use]
    pub const fn connection_id(&self) -> &ConnectionId {
        self.id
    }

    /// `id` of the message, where it is a JSON object that has one: a string or a number of at most 80 bytes. It is
    /// JSON as it was sent, a string with its quotes.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// let id = failure.message_id().unwrap_or("null");
    /// # }
    /// ```
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.note.id()
    }

    /// Whether the same message may go well later: the handler was out of time (1006), a [`Refuse`] says so
    /// ([`Refuse::temporary`]), or a push inside the handler's error did not get through in time or was throttled.
    /// It does not say that nothing was done.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// let again = failure.is_temporary();
    /// # }
    /// ```
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.note.temporary
    }

    /// What the client is told where there is no `on_error`: `{"errNo":…,"errMsg":…}`, with `id` and `temporary` where
    /// there is something to say.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// println!("{:?}", failure.note());
    /// # }
    /// ```
    #[must_use]
    pub fn note(&self) -> Message {
        Message::Text(self.note.to_json())
    }

    /// The handler's error, where it returned one.
    ///
    /// ```
    /// # fn example(failure: &wsfn::Failure<'_>) {
    /// println!("{:?}", failure.error());
    /// # }
    /// ```
    #[must_use]
    pub const fn error(&self) -> Option<&Error> {
        self.problem.error.as_ref()
    }
}
