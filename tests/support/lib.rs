//! What several kinds of test share.

pub mod database;
mod example;
mod function_url;
mod garbage;
mod http;
mod http_function;
mod push_server;
pub mod rooms;
mod round_trips;
mod runtime_api;
mod scf_api;
pub mod sessions;

use std::io::Write as _;

pub use example::Example;
pub use function_url::FunctionUrl;
pub use garbage::{garbage, throw};
pub use http_function::{Deed, HttpFunction, SeenEvent};
pub use push_server::{PushAnswer, PushServer};
pub use round_trips::RoundTrips;
pub use runtime_api::{Misbehaviour, RuntimeApi, Said};
pub use scf_api::ScfApi;

/// Says in a visible line that a test cannot run here, and what it lacks. On a laptop that is all; where `CI` is set
/// nothing may be missing, so it fails.
///
/// # Panics
/// Where the environment variable `CI` is set.
pub fn skip(test: &str, missing: &str) {
    // The test runner shows what a passed test prints only when asked to; written past it, the line is always seen.
    // In one piece and on a line of its own, whatever other tests print meanwhile: CI looks for it there.
    let line = format!("\nSKIPPED: {test}: {missing}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(std::env::var_os("CI").is_none(), "{test}: {missing}");
}
