//! The front ends: how events come in and answers go out.

pub(crate) mod answers;
#[cfg(feature = "gateway")]
mod blocking;
pub(crate) mod context;
#[cfg(feature = "gateway")]
pub(crate) mod embedded;
pub(crate) mod event_invoke;
pub(crate) mod front_end;
pub(crate) mod function_url;
mod jitter;
pub(crate) mod log;
pub(crate) mod runtime_api;
pub(crate) mod shutdown;
mod signature;

use std::time::Duration;

pub(crate) use jitter::jittered;
use tokio::time::Instant;

/// The largest event that SCF delivers (583/11637); a larger one was not sent by it.
pub(crate) const EVENT_MAX: usize = 6 << 20;

/// How long before a deadline it is answered for a handler that blocks its thread: time for a push that tells the sender,
/// where the answer does not carry it, and for the answer. A handler that awaits is answered for earlier, by the app.
const BLOCKED_BEFORE: Duration = Duration::from_millis(200);

/// The part of the time left that stands for it where little is left.
const BLOCKED_SHARE: u32 = 7;

/// When it is answered for a handler that blocks its thread.
fn blocked_at(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    let before = BLOCKED_BEFORE.min(left / BLOCKED_SHARE);
    deadline.checked_sub(before).unwrap_or(deadline)
}
