//! JSON Schema of the wire, for functions and clients in other languages.
//!
//! The texts are the files in the folder `schema` of this package, draft 2020-12, made from this crate's types. They
//! say what is *written*: this crate also reads older spellings, a number in a string, and a message under an action
//! that nobody has heard of.
//!
//! ```
//! let schema: serde_json::Value = serde_json::from_str(wsfn_protocol::schema::EVENT)?;
//! assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! With the feature `schema` the types implement [`schemars::JsonSchema`](https://docs.rs/schemars), so that a schema
//! of your own may hold them.

/// Schema of what a gateway sends to a function.
pub const EVENT: &str = include_str!("../../schema/event.json");
/// Schema of what a function answers.
pub const REPLY: &str = include_str!("../../schema/reply.json");
/// Schema of what a function POSTs to the push endpoint.
pub const PUSH: &str = include_str!("../../schema/push.json");
/// Schema of what the push endpoint answers.
pub const ANSWER: &str = include_str!("../../schema/answer.json");

#[cfg(feature = "schema")]
mod made;
#[cfg(feature = "schema")]
pub(crate) use made::{
    Base64, CodeAsText, Empty, Ours, WithSession, connecting, in_websocket, older_spelling,
};
#[cfg(feature = "schema")]
pub use made::{answer, event, push, reply};
