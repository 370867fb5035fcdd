//! The kinds of values, and how each is read.

mod address;
mod duration;
mod function;
mod heartbeat;
mod http_url;
mod networks;
mod origin;
pub(crate) mod parse;
mod scf;
mod secret;
mod size;
mod store_url;
mod word;

pub use address::near;
pub use duration::{parse as duration, show as show_duration};
pub use function::FunctionAddr;
pub use heartbeat::Heartbeat;
pub use http_url::HttpUrl;
pub use networks::Networks;
pub use origin::AllowOrigin;
pub use scf::{ScfCredentials, ScfName};
pub use secret::Secret;
pub use size::{parse as size, show as show_size};
pub use store_url::StoreUrl;
pub use word::{FailedMessage, Insecure, Limits, LogFormat, Mode, Refuse};
