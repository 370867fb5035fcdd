//! Guides: what can be set, what is promised, what the codes mean. For reading only.

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

#[doc = include_str!("settings.md")]
pub mod settings {}

#[cfg(feature = "testing")]
#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("threats.md")]
pub mod threats {}
