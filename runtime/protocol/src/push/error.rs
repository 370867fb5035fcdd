//! Why a text is no push.

use std::fmt;

use crate::text::FieldError;

/// Why a text is no push: where, what was expected and what was found. Its `Display` is the `errMsg` that goes with
/// errNo 1104.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError(String);

impl RequestError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "so that it can stand in `map_err`"
    )]
    pub(super) fn new(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a push: {}", self.0)
    }
}

impl std::error::Error for RequestError {}

impl From<FieldError> for RequestError {
    fn from(error: FieldError) -> Self {
        Self::new(error)
    }
}
