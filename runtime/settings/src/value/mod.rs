//! The kinds of values, and how each is read.

mod duration;
mod origin;
pub(crate) mod parse;
mod push_url;
mod secret;
mod size;
mod word;

pub use duration::{parse as duration, show as show_duration};
pub use origin::AllowOrigin;
pub use push_url::PushUrl;
pub use secret::Secret;
pub use size::{parse as size, show as show_size};
pub use word::{FailedMessage, Insecure, LogFormat, Mode, Refuse};
