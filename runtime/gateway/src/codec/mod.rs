//! The WebSocket server codec: bytes in, events and bytes out.
//!
//! Nothing here does I/O, awaits or knows a clock. Whoever owns a socket reads into a thread-wide buffer
//! ([`scratch`]), hands it to the [`Decoder`], and writes the frames that [`SharedMessage`], [`control`] and
//! [`close`] make. What comes before the frames is [`handshake`]. Between messages a connection keeps no buffer at all: an idle [`Decoder`] is its own few dozen
//! bytes.
//!
//! RFC 6455 is the protocol, RFC 7692 its compression, which is used without context takeover in either direction: a
//! window kept per connection costs over 100 KB and saves a third of the compression time.
//!
//! ```
//! use wsfn_gateway::codec::{Decoder, DecoderLimits, Event};
//!
//! let mut decoder = Decoder::new(DecoderLimits::new(1 << 20), None);
//! // "hi", masked with zeros, as it comes from a socket.
//! let mut read = *b"\x81\x82\0\0\0\0hi";
//! let (consumed, event) = decoder.decode(&mut read)?;
//! assert_eq!(consumed, 8);
//! assert_eq!(event, Some(Event::Text("hi".into())));
//! # Ok::<(), wsfn_gateway::codec::ProtocolError>(())
//! ```

pub mod close;
pub mod control;
mod decoder;
mod deflate;
mod encoder;
mod error;
mod event;
mod frame;
pub mod handshake;
mod inflate;
mod message;
pub mod scratch;

pub use decoder::{Decoder, DecoderLimits, FRAGMENTS_MAX};
pub use encoder::{SharedMessage, encode_into};
pub use error::ProtocolError;
pub use event::{CloseFrame, Event};
pub use frame::{CONTROL_MAX, MessageKind};
pub use handshake::DeflateParams;
