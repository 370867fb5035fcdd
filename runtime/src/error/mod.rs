//! What a handler, a state or the start of an application can fail with.

mod refuse;
mod rejection;

use std::fmt;

use wsfn_protocol::ErrNo;

pub use refuse::Refuse;
pub use rejection::Rejection;

/// `Result` with this crate's [`Error`], unless another one is named.
///
/// ```
/// fn line(text: &str) -> wsfn::Result<u32> {
///     Ok(text.trim().parse()?)
/// }
/// assert_eq!(line(" 7 ").unwrap(), 7);
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Any error that a handler ends with.
///
/// Everything that `?` can turn into a boxed error becomes one: standard errors, `anyhow::Error`, `&str`, `String`.
/// What is inside goes to the log; the gateway is told [`Error::err_no`] and nothing else. A [`Refuse`] inside, at any
/// depth of `source()`, keeps its number and its text. One that went through `anyhow::Error` does not, because anyhow
/// hides the type of what it holds: return it as a [`Refuse`] or as this type.
///
/// It is no `std::error::Error` itself, so that the conversion can exist. A type that is no standard error either may
/// implement `From<Mine> for wsfn::Error` and choose its number there:
///
/// ```
/// use wsfn::{Error, Refuse};
/// struct Full;
/// impl From<Full> for Error {
///     fn from(_: Full) -> Error {
///         Refuse::new(4001, "the room is full").into()
///     }
/// }
/// assert_eq!(Error::from(Full).err_no(), 4001);
/// assert_eq!(Error::from("no such file").err_no(), 1004);
/// ```
///
/// `Debug` is written for people, because `fn main() -> wsfn::Result<()>` prints it.
pub struct Error(BoxError);

impl Error {
    /// The number in `errNo` of the answer: a [`Refuse`]'s own, 1003 for a [`Rejection`] that the handler passed on,
    /// else 1004.
    ///
    /// ```
    /// use wsfn::{Error, Refuse};
    /// assert_eq!(Error::from("anything").err_no(), 1004);
    /// assert_eq!(Error::from(Refuse::new(4001, "full")).err_no(), 4001);
    /// ```
    #[must_use]
    pub fn err_no(&self) -> i64 {
        self.answer().0.0
    }

    /// The first error of type `E` inside: the error itself, or one of its sources.
    ///
    /// ```
    /// let error = wsfn::Error::from("seven".parse::<u32>().unwrap_err());
    /// assert!(error.find::<std::num::ParseIntError>().is_some());
    /// assert!(error.find::<std::io::Error>().is_none());
    /// ```
    #[must_use]
    pub fn find<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.chain().find_map(|error| error.downcast_ref())
    }

    /// The error inside and its sources, outermost first.
    ///
    /// ```
    /// let error = wsfn::Error::from(std::io::Error::other("the disk is full"));
    /// let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
    /// assert_eq!(texts[0], "the disk is full");
    /// ```
    pub fn chain(&self) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
        let first: &(dyn std::error::Error + 'static) = &*self.0;
        std::iter::successors(Some(first), |error| error.source())
    }

    /// What is inside.
    pub(crate) fn into_inner(self) -> BoxError {
        self.0
    }

    /// Number and text of the answer.
    pub(crate) fn answer(&self) -> (ErrNo, Option<String>) {
        if let Some(refuse) = self.find::<Refuse>() {
            return (refuse.number(), Some(refuse.err_msg().to_owned()));
        }
        if let Some(rejection) = self.find::<Rejection>() {
            return (ErrNo::REJECTED, Some(rejection.to_string()));
        }
        (ErrNo::FAILED, None)
    }
}

impl<E: Into<BoxError>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)?;
        for source in self.chain().skip(1) {
            write!(f, "\n  caused by: {source}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Refuse, Rejection};

    #[derive(Debug)]
    struct Outer(Refuse);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outer")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn a_refuse_keeps_its_number_at_any_depth() {
        let error = Error::from(Outer(Refuse::new(4001, "full")));
        assert_eq!(error.err_no(), 4001);
        assert_eq!(error.answer().1.as_deref(), Some("full"));
        assert_eq!(format!("{error:?}"), "outer\n  caused by: full");
    }

    #[test]
    fn anything_else_is_1004_and_says_nothing() {
        let error = Error::from(std::io::Error::other("password=hunter2"));
        assert_eq!(error.err_no(), 1004);
        assert_eq!(error.answer().1, None);
    }

    #[test]
    fn a_rejection_passed_on_is_1003() {
        let error = Error::from(Rejection::new("text: missing field"));
        assert_eq!(error.err_no(), 1003);
        assert_eq!(error.answer().1.as_deref(), Some("text: missing field"));
    }

    #[test]
    fn a_refuse_cannot_accept() {
        assert_eq!(Error::from(Refuse::new(0, "no")).err_no(), 1004);
    }
}
