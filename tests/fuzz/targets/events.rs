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
                assert_eq!(read.kind(), event.kind());
                assert_eq!(read.connection_id(), event.connection_id());
                assert_eq!(read.to_json(), again);
                if let Event::Connect(event) = event {
                    let _ = event.request_context();
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
