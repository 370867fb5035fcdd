//! Any text as `Sec-WebSocket-Extensions`. What is agreed upon was offered, and our answer is an offer that we keep.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsfn_gateway::codec::negotiation::negotiate;

fuzz_target!(|offers: &str| {
    let Some((params, answer)) = negotiate(offers) else {
        return;
    };
    assert!(offers.to_ascii_lowercase().contains("permessage-deflate"));
    assert!((9..=15).contains(&params.server_max_window_bits));
    assert!(!answer.contains("client_max_window_bits"));
    assert!(
        answer.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "nothing breaks out of the header"
    );
    assert_eq!(negotiate(&answer), Some((params, answer.clone())));
    // A second offer changes nothing, and neither does an extension before it that nobody knows.
    assert_eq!(
        negotiate(&format!("unknown, {answer}, permessage-deflate")),
        Some((params, answer))
    );
});
