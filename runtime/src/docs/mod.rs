//! Guides: what can be set, what is promised, what the codes mean. For reading only.

#[doc = include_str!("errors.md")]
pub mod errors {}

#[doc = include_str!("guarantees.md")]
pub mod guarantees {}

#[doc = include_str!("settings.md")]
pub mod settings {}
