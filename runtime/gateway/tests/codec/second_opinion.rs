//! The same bytes through tokio-websockets, written by somebody else.
//!
//! It knows no compression, so these streams have none. Differences that are allowed, each for a reason:
//!
//! - *end*: where the stream just ends, it reports an error; ours has no opinion, the socket's owner has.
//! - *eager*: ours refuses a text as soon as it cannot become UTF-8, it may wait for the frame's end. Both refuse it.
//! - *close*: it reads close codes that no one may send as valid, or refuses some that IANA has registered since; the
//!   events before the close must be the same.
//! - *lengths*: it takes lengths that are not in their shortest form.

use futures_util::StreamExt as _;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;
use tokio_websockets::{Limits, Message, ServerBuilder};
use wsfn_gateway::codec::{Event, ProtocolError};

use crate::cutting::piece;
use crate::support::{MAX_MESSAGE, decode};

/// The longest header a client sends.
const HEADER_MAX: usize = 14;

/// What both can say about a stream: its messages and control frames, up to the close or the error.
async fn theirs(bytes: Vec<u8>) -> (Vec<(char, Vec<u8>)>, bool) {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    client.write_all(&bytes).await.unwrap();
    client.shutdown().await.unwrap();
    let limits = Limits::default().max_payload_len(Some(MAX_MESSAGE));
    let mut socket = ServerBuilder::new().limits(limits).serve(server);
    let mut events = Vec::new();
    let mut error = false;
    while let Some(message) = socket.next().await {
        match message {
            Ok(message) => events.push((letter(&message), message.as_payload().to_vec())),
            Err(tokio_websockets::Error::Io(_)) => break,
            Err(_) => {
                error = true;
                break;
            }
        }
    }
    (events, error)
}

fn letter(message: &Message) -> char {
    match message {
        message if message.is_text() => 't',
        message if message.is_binary() => 'b',
        message if message.is_ping() => 'i',
        message if message.is_pong() => 'o',
        _ => 'c',
    }
}

fn ours(bytes: &[u8]) -> (Vec<(char, Vec<u8>)>, Option<ProtocolError>) {
    let decoded = decode(bytes, &[usize::MAX], None);
    let events = decoded.events.into_iter().map(|event| match event {
        Event::Text(text) => ('t', text.into_owned().into_bytes()),
        Event::Binary(data) => ('b', data.into_owned()),
        Event::Ping(data) => ('i', data.into_owned()),
        Event::Pong(data) => ('o', data.into_owned()),
        _ => ('c', Vec::new()),
    });
    (events.collect(), decoded.error)
}

/// Everything before the close, which the two report differently.
fn before_close(mut events: Vec<(char, Vec<u8>)>) -> Vec<(char, Vec<u8>)> {
    if let Some(at) = events.iter().position(|(letter, _)| *letter == 'c') {
        events.truncate(at);
    }
    events
}

proptest! {
    #[test]
    fn both_find_the_same(pieces in prop::collection::vec(piece(), 1..6)) {
        let stream = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (our_events, our_error) = ours(&stream);
        let mut longer = stream;
        if our_error.is_some() {
            // end: ours refuses a header at its first wrong byte, it reads the whole header first.
            longer.extend([0; HEADER_MAX]);
        }
        let (their_events, their_error) = runtime.block_on(theirs(longer));
        // close: with a code that it does not know, it refuses what ours reports.
        let closed = our_events.last().is_some_and(|(letter, _)| *letter == 'c');
        let (their_events, our_events) = (before_close(their_events), before_close(our_events));
        match our_error {
            // lengths, close: it may read on where ours stops.
            Some(ProtocolError::Length | ProtocolError::Close) => {
                prop_assert!(their_events.starts_with(&our_events));
            }
            // eager: it may be waiting for the frame's end when the stream ends.
            Some(ProtocolError::Utf8) => prop_assert_eq!(&their_events, &our_events),
            Some(error) => {
                prop_assert_eq!(&their_events, &our_events);
                prop_assert!(their_error, "only ours refuses: {}", error);
            }
            None => {
                prop_assert_eq!(&their_events, &our_events);
                prop_assert!(closed || !their_error, "only theirs refuses");
            }
        }
    }
}
