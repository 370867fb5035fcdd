//! Why an argument could not be made.

use std::borrow::Cow;
use std::fmt;

/// Why an argument of a handler could not be made from the event; becomes errNo 1003.
///
/// Its text is answered, so it names the field and what is wrong with it, and nothing internal. It knows whether the
/// thing is absent or malformed: an `Option<X>` argument is `None` for what is absent, and still refuses what is
/// malformed.
///
/// ```
/// use wsfn::Rejection;
/// assert!(Rejection::absent("token: missing field").is_absent());
/// assert!(!Rejection::new("token: not a number").is_absent());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    text: Cow<'static, str>,
    absent: bool,
}

impl Rejection {
    /// The thing is there, and is not what was expected.
    ///
    /// ```
    /// assert_eq!(wsfn::Rejection::new("age: not a number").to_string(), "age: not a number");
    /// ```
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self {
            text,
            absent: false,
        }
    }

    /// The thing is not there.
    ///
    /// ```
    /// assert!(wsfn::Rejection::absent("age: missing field").is_absent());
    /// ```
    #[must_use]
    pub fn absent(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { text, absent: true }
    }

    /// Whether the thing is not there, rather than malformed.
    ///
    /// ```
    /// assert!(!wsfn::Rejection::new("age: not a number").is_absent());
    /// ```
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.absent
    }

    pub(crate) fn into_text(self) -> Cow<'static, str> {
        self.text
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Rejection {}
