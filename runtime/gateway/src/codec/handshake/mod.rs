//! The opening handshake (RFC 6455, section 4.2): a request's head in, and what its answer must say out.
//!
//! Whoever owns the socket feeds a [`HeadReader`] until the head is complete, asks the [`Head`] whether it is a
//! handshake in order, and answers with [`accept`] and what [`negotiate`] agreed upon.
//!
//! ```
//! use wsfn_gateway::codec::handshake::{HeadReader, accept};
//!
//! let mut reader = HeadReader::new(16 << 10);
//! assert!(!reader.push(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")?);
//! let rest = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x80\0\0\0\0";
//! assert!(reader.push(rest)?);
//! let head = reader.head()?;
//! assert!(head.asks_for_websocket());
//! assert_eq!(accept(head.check()?), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
//! assert_eq!(reader.behind(), b"\x81\x80\0\0\0\0", "frames that came in the packet of the request");
//! # Ok::<(), wsfn_gateway::codec::handshake::HandshakeError>(())
//! ```

mod error;
mod head;
mod key;
mod negotiation;
mod reader;

pub use error::HandshakeError;
pub use head::Head;
pub use key::accept;
pub use negotiation::{DeflateParams, negotiate};
pub use reader::HeadReader;
