//! An event that failed.

use std::borrow::Cow;

use wsfn_protocol::{ErrNo, Kind};

use crate::connection_id::ConnectionId;
use crate::error::{Error, Refuse, Rejection};

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
#[derive(Debug)]
pub struct Failure<'f> {
    pub(crate) problem: &'f Problem,
    pub(crate) id: &'f ConnectionId,
}

impl Failure<'_> {
    /// The number, such as 1003 or a [`Refuse`]'s own.
    #[must_use]
    pub const fn err_no(&self) -> i64 {
        self.problem.err_no.0
    }

    /// The text that goes with it, which holds nothing internal.
    #[must_use]
    pub fn err_msg(&self) -> &str {
        &self.problem.err_msg
    }

    /// Whose message it was.
    #[must_use]
    pub const fn connection_id(&self) -> &ConnectionId {
        self.id
    }

    /// The handler's error, where it returned one.
    #[must_use]
    pub const fn error(&self) -> Option<&Error> {
        self.problem.error.as_ref()
    }
}
