//! Guides, in the order in which they are of use. For reading only.

// The test `first_app` follows it word for word.
#[cfg(not(doctest))]
#[doc = include_str!("first_app.md")]
pub mod first_app {}

#[doc = include_str!("messages.md")]
pub mod messages {}

#[doc = include_str!("state.md")]
pub mod state {}

#[doc = include_str!("push.md")]
pub mod push {}

#[doc = include_str!("rooms.md")]
pub mod rooms {}

#[doc = include_str!("functions.md")]
pub mod functions {}
// What it links to needs the feature `testing`.
#[cfg(any(feature = "testing", not(doctest)))]
#[doc = include_str!("stores.md")]
pub mod stores {}

#[doc = include_str!("deploying.md")]
pub mod deploying {}

// Each of its programs is compiled by the tests that it is made from.
#[cfg(not(doctest))]
#[doc = include_str!("diagnostics.md")]
pub mod diagnostics {}

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("guarantees.md")]
pub mod guarantees {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("costs.md")]
pub mod costs {}

#[doc = include_str!("settings.md")]
pub mod settings {}

// Its programs need the feature, to read about it one does not.
#[cfg(any(feature = "testing", not(doctest)))]
#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("threats.md")]
pub mod threats {}

#[doc = include_str!("moving_from_python.md")]
pub mod moving_from_python {}

#[doc = include_str!("moving_from_node.md")]
pub mod moving_from_node {}

#[doc = include_str!("moving_from_chalice.md")]
pub mod moving_from_chalice {}

#[doc = include_str!("moving_from_lambda.md")]
pub mod moving_from_lambda {}
