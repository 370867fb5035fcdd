//! What the front ends call.

use std::future::Future;
use std::sync::Arc;

use wsfn_protocol::{ErrNo, Reply};

use crate::app::Instance;
use crate::context::Context;

/// Answers events: an app, or what a test puts in its place.
pub(crate) trait Answers: Send + Sync + 'static {
    /// The reply's JSON. It never fails: an event that is none has an answer too.
    fn answer(&self, event: Arc<str>, context: Context) -> impl Future<Output = String> + Send;

    /// The same in the place of a handler that blocks its thread and is not waited for any longer. It may run on another
    /// thread than that one, in a runtime of its own.
    fn blocked(&self, event: Arc<str>, context: Context) -> impl Future<Output = String> + Send;

    /// The name of the handler that answers this event, for a log line that says who blocks.
    fn handler_of(&self, event: &str) -> &'static str;
}

impl Answers for Instance {
    async fn answer(&self, event: Arc<str>, context: Context) -> String {
        self.dispatch(event, context).await
    }

    async fn blocked(&self, event: Arc<str>, context: Context) -> String {
        self.answer_for_blocked(&event, context).await
    }

    fn handler_of(&self, event: &str) -> &'static str {
        self.handler_of(event)
    }
}

/// The answer where a handler did not come to an end in time.
pub(crate) fn timed_out() -> String {
    Reply::error(ErrNo::TIMED_OUT, "handler timed out").to_json()
}

/// The answer to bytes that are no event.
pub(super) fn unreadable(why: &str) -> String {
    Reply::error(ErrNo::BAD_EVENT, why).to_json()
}

/// The event's text, or the answer to bytes that have none.
pub(super) fn text(body: &[u8]) -> Result<Arc<str>, String> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(unreadable(&format!(
            "not an event: not UTF-8 at byte {}",
            error.valid_up_to()
        ))),
    }
}
