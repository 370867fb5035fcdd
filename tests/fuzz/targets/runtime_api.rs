//! Any bytes as what a process says to the runtime API that the gateway serves it, cut anywhere.
//!
//! The first byte says how the rest is cut. Whatever comes: the connection ends with its input, what is answered is HTTP, no
//! reply is larger than allowed, and in pieces the gateway hears what it hears at once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use wsfn_gateway::testing::runtime_api::{Heard, heard};

/// Small, so that inputs reach it.
const REPLY_MAX: usize = 64;

fuzz_target!(|input: &[u8]| {
    let Some((&cut, bytes)) = input.split_first() else {
        return;
    };
    let at_once = serve(bytes, usize::MAX);
    assert!(at_once.ready <= 1);
    let replies = at_once.answers.iter().flatten();
    assert!(replies.map(Vec::len).all(|length| length <= REPLY_MAX));
    assert_eq!(serve(bytes, usize::from(cut).max(1)), at_once);
});

fn serve(bytes: &[u8], step: usize) -> Heard {
    // One for each input: nothing of one may be left when the next comes.
    let runtime: Runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(heard(bytes, step, REPLY_MAX))
}
