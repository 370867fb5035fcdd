//! Any text as a push, and as the answer to one. What parses is written and parses again to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_protocol::{Answer, Request};

fuzz_target!(|text: &str| {
    match Request::parse(text) {
        Ok(request) => {
            let again = request.to_json();
            assert_eq!(
                Request::parse(&again).expect("what was written can be read"),
                request
            );
        }
        Err(error) => assert!(error.to_string().starts_with("not a push: ")),
    }
    if let Some(answer) = Answer::parse(text.as_bytes()) {
        let again = answer.to_json();
        let read = Answer::parse(again.as_bytes()).expect("what was written can be read");
        assert_eq!(read.to_json(), again);
    }
});
