//! Any text as an event, and as a reply. What parses is written and parses again to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_protocol::{Event, Kind, Reply};

fuzz_target!(|text: &str| {
    for only in [
        None,
        Some(Kind::Connect),
        Some(Kind::Message),
        Some(Kind::Close),
    ] {
        match Event::parse(text, only) {
            Ok(event) => {
                let again = event.to_json();
                let read = Event::parse(&again, only).expect("what was written can be read");
                assert_eq!(read.to_json(), again);
                match (read, event) {
                    (Event::Connect(read), Event::Connect(event)) => {
                        assert_eq!(read.connection_id, event.connection_id);
                        assert_eq!(read.protocols, event.protocols);
                        assert_eq!(read.extensions, event.extensions);
                        assert_eq!(read.raw_request_context, event.raw_request_context);
                        let _ = event.request_context();
                    }
                    (Event::Message(read), Event::Message(event)) => assert_eq!(read, event),
                    (Event::Close(read), Event::Close(event)) => assert_eq!(read, event),
                    (read, event) => panic!("{read:?} was {event:?}"),
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Ok(reply) = Reply::parse(text) {
        let again = reply.to_json();
        assert_eq!(
            Reply::parse(&again).expect("what was written can be read"),
            reply
        );
    }
    let _ = Reply::parse_pushes(text);
});
