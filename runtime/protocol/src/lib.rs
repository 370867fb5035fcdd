//! The wire of WebSocket functions: what a gateway and the functions behind it say to each other.
//!
//! Tencent's API Gateway holds a client's WebSocket and calls three functions: *register* when the client
//! connects, *transfer* when it sends, *cleanup* when it leaves. This crate has those events, the replies to them,
//! and the pushes with which a function answers a client, each in both directions: a gateway writes events and
//! reads replies with the types with which a function reads events and writes replies. It does no I/O and needs no
//! runtime.
//!
//! ```
//! use wsfn_protocol::{Data, Event};
//!
//! let text = r#"{"websocket":{"action":"data send","secConnectionID":"xawexasdfewezdfsdfeasdfffa==",
//!                             "dataType":"text","data":"hello"}}"#;
//! let Event::Message(message) = Event::parse(text, None)? else { panic!("not a message") };
//! assert_eq!(message.connection_id, "xawexasdfewezdfsdfeasdfffa==");
//! assert_eq!(message.data, Data::Text("hello".into()));
//! # Ok::<(), wsfn_protocol::EventError>(())
//! ```
//!
//! Parsing borrows from the text wherever the text has no escapes. Unknown fields are ignored, since the protocol
//! promises additions; a connection id is opaque and its length is never looked at.

mod close_code;
mod code;
mod data;
mod event;
mod long;
mod note;
mod payload;
mod push;
mod reply;
pub mod samples;
pub mod schema;
mod session;
mod signature;
mod text;

pub use close_code::CloseCode;
pub use code::ErrNo;
pub use data::{Data, DataError};
pub use event::{
    CloseEvent, ConnectEvent, Event, EventError, Identity, Kind, MessageEvent, RequestContext,
};
pub use note::Note;
pub use payload::Payload;
pub use push::{Answer, Audience, Failed, Request, RequestError};
pub use reply::{Reply, ReplyError, ReplyPush, ReplySocket};
pub use session::SessionValue;
pub use signature::{Key, Signed, header, hex};
