//! What became of a message to many.

use wsfn_protocol::Answer;

use super::PushError;
use crate::connection_id::ConnectionId;

/// What became of a message to many connections.
///
/// ```no_run
/// # async fn example(push: &wsfn::Push, ids: Vec<wsfn::ConnectionId>) -> wsfn::Result<()> {
/// let report = push.to_all(&ids, "dinner is ready").await?;
/// let gone = report.failed().iter().filter(|one| one.error.is_gone());
/// println!("{} have it, {} are gone", report.delivered(), gone.count());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Report {
    delivered: usize,
    failed: Vec<Undelivered>,
}

/// A connection that was not sent the message, and why.
///
/// ```no_run
/// # async fn example(push: &wsfn::Push, ids: Vec<wsfn::ConnectionId>) -> wsfn::Result<()> {
/// let report = push.to_all(&ids, "hello").await?;
/// for one in report.failed() {
///     println!("{:?}: {}", one.id, one.error);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Undelivered {
    /// Which connection.
    pub id: ConnectionId,
    /// Why; mostly [`PushError::is_gone`] or [`PushError::is_full`].
    pub error: PushError,
}

impl Report {
    /// To how many connections the gateway took the message.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, ids: Vec<wsfn::ConnectionId>) -> wsfn::Result<()> {
    /// let report = push.to_all(&ids, "hello").await?;
    /// println!("{} have it", report.delivered());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn delivered(&self) -> usize {
        self.delivered
    }

    /// The others.
    ///
    /// ```no_run
    /// # async fn example(push: &wsfn::Push, ids: Vec<wsfn::ConnectionId>) -> wsfn::Result<()> {
    /// let report = push.to_all(&ids, "hello").await?;
    /// println!("{} do not", report.failed().len());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn failed(&self) -> &[Undelivered] {
        &self.failed
    }

    pub(super) fn add(&mut self, id: ConnectionId, outcome: Result<(), PushError>) {
        match outcome {
            Ok(()) => self.delivered += 1,
            Err(error) => self.failed.push(Undelivered { id, error }),
        }
    }

    pub(crate) fn from_answer(answer: Answer) -> Self {
        let failed = answer.failed.unwrap_or_default();
        Self {
            delivered: answer.delivered.unwrap_or(0),
            failed: failed
                .into_iter()
                .map(|failed| Undelivered {
                    id: failed.id.into(),
                    error: PushError::of_one(failed.err_no),
                })
                .collect(),
        }
    }
}
