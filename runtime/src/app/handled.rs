//! What came of an event, as a layer sees it.

use std::fmt;

use wsfn_protocol::ErrNo;

use crate::error::Error;
use crate::reply::{Answer, Reply};

/// What came of an event: the response of the service that a layer is put around.
///
/// ```
/// use wsfn::{Handled, Invocation, Next, Result};
///
/// /// Counts what fails, by its number.
/// async fn counted(event: Invocation, next: Next) -> Result<Handled> {
///     let handled = next.run(event).await?;
///     if handled.is_failed() {
///         println!("{}: {}, {:?}", handled.err_no(), handled.err_msg(), handled.error());
///     }
///     Ok(handled)
/// }
/// # #[wsfn::on_message] async fn talk() {}
/// # fn main() { let _ = wsfn::app![talk].around(counted); }
/// ```
#[derive(Default)]
pub struct Handled(pub(crate) Answer);

impl Handled {
    /// An event that went well, without a word to the client: for a layer that answers by itself. A client that
    /// connects is accepted.
    ///
    /// What refuses is an error of the layer: `return Err(Refuse::new(4001, "not today").into())`.
    ///
    /// ```
    /// use wsfn::{Handled, Invocation, Next, Result};
    ///
    /// /// Answers a heartbeat of the application's own, so that no handler sees it.
    /// async fn heartbeat(event: Invocation, next: Next) -> Result<Handled> {
    ///     if event.body() == Some(wsfn::Body::Text("heartbeat")) {
    ///         return Ok(Handled::ok());
    ///     }
    ///     next.run(event).await
    /// }
    /// # #[wsfn::on_message] async fn talk() {}
    /// # fn main() { let _ = wsfn::app![talk].around(heartbeat); }
    /// ```
    #[must_use]
    pub fn ok() -> Self {
        Self::default()
    }

    /// Whether the event failed: its number is not 0.
    ///
    /// ```
    /// assert!(!wsfn::Handled::ok().is_failed());
    /// ```
    #[must_use]
    pub const fn is_failed(&self) -> bool {
        matches!(self.0, Answer::Failed(_))
    }

    /// The number that is answered: 0, one of 1002 to 1007, or a [`Refuse`](crate::Refuse)'s own.
    ///
    /// ```
    /// assert_eq!(wsfn::Handled::ok().err_no(), 0);
    /// ```
    #[must_use]
    pub const fn err_no(&self) -> i64 {
        match &self.0 {
            Answer::Failed(problem) => problem.err_no.0,
            _ => ErrNo::OK.0,
        }
    }

    /// The text that goes with it, which holds nothing internal.
    ///
    /// ```
    /// assert_eq!(wsfn::Handled::ok().err_msg(), "ok");
    /// ```
    #[must_use]
    pub fn err_msg(&self) -> &str {
        match &self.0 {
            Answer::Failed(problem) => &problem.err_msg,
            _ => "ok",
        }
    }

    /// The handler's error, where it returned one. It may hold what is internal.
    ///
    /// ```
    /// assert!(wsfn::Handled::ok().error().is_none());
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &self.0 {
            Answer::Failed(problem) => problem.error.as_ref(),
            _ => None,
        }
    }
}

impl From<Handled> for Reply {
    fn from(handled: Handled) -> Self {
        Self { result: handled.0 }
    }
}

impl fmt::Debug for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the message to the client.
        f.debug_struct("Handled")
            .field("err_no", &self.err_no())
            .field("err_msg", &self.err_msg())
            .finish()
    }
}
