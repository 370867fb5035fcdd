//! A number and a text of the application's own.

use std::borrow::Cow;
use std::fmt;

use wsfn_protocol::ErrNo;

/// An answer with a number and a text of the application's own.
///
/// From a connect handler it refuses the connection, and number and text go to the client (through our gateway at
/// most 123 bytes of text); from a message handler the sender is told. It is a standard error, so `?` carries it
/// through any error type that keeps its sources.
///
/// ```
/// use wsfn::Refuse;
/// let refuse = Refuse::new(4001, "not today");
/// assert_eq!((refuse.err_no(), refuse.err_msg()), (4001, "not today"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuse {
    err_no: i64,
    err_msg: Cow<'static, str>,
    temporary: bool,
}

impl Refuse {
    /// A refusal with this number and this text. 0 would accept, so it is answered as 1004.
    ///
    /// ```
    /// let refuse = wsfn::Refuse::new(4001, "not today");
    /// assert_eq!(refuse.to_string(), "not today");
    /// ```
    #[must_use]
    pub fn new(err_no: i64, err_msg: impl Into<Cow<'static, str>>) -> Self {
        let err_msg = err_msg.into();
        Self {
            err_no,
            err_msg,
            temporary: false,
        }
    }

    /// Says that the same may go well later: the sender of a message is told `"temporary":true`. It is for what is
    /// full, busy or limited, and not for what is wrong.
    ///
    /// ```
    /// use wsfn::Refuse;
    /// assert!(Refuse::new(4003, "one message a second").temporary().is_temporary());
    /// ```
    #[must_use]
    pub fn temporary(self) -> Self {
        Self {
            temporary: true,
            ..self
        }
    }

    /// Whether the same may go well later.
    ///
    /// ```
    /// let refuse = wsfn::Refuse::new(4001, "not today");
    /// assert!(!refuse.is_temporary());
    /// ```
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.temporary
    }

    /// The number.
    ///
    /// ```
    /// let refuse = wsfn::Refuse::new(4001, "not today");
    /// assert_eq!(refuse.err_no(), 4001);
    /// ```
    #[must_use]
    pub const fn err_no(&self) -> i64 {
        self.err_no
    }

    /// The text.
    ///
    /// ```
    /// let refuse = wsfn::Refuse::new(4001, "not today");
    /// assert_eq!(refuse.err_msg(), "not today");
    /// ```
    #[must_use]
    pub fn err_msg(&self) -> &str {
        &self.err_msg
    }

    /// The number as it is answered.
    pub(crate) const fn number(&self) -> ErrNo {
        match self.err_no {
            0 => ErrNo::FAILED,
            other => ErrNo(other),
        }
    }
}

impl fmt::Display for Refuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.err_msg)
    }
}

impl std::error::Error for Refuse {}
