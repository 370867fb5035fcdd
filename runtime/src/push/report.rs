//! What became of a message to many.

use wsfn_protocol::Answer;

use super::PushError;
use crate::connection_id::ConnectionId;

/// The most connections that a report lists: a room of any size is never held whole.
const LISTED_MAX: usize = 10_000;

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
    unlisted: usize,
    ended_early: bool,
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

    /// The others: the first 10,000 of them.
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

    /// How many the others are.
    #[must_use]
    pub const fn failed_count(&self) -> usize {
        self.failed.len() + self.unlisted
    }

    /// Whether everyone whom it was for stands in here. A broadcast to rooms in a store may end before it has read all
    /// their members: at the deadline of the invocation, or when the store can be read no more.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.ended_early
    }

    /// Some were not even looked at.
    pub(crate) const fn end_early(&mut self) {
        self.ended_early = true;
    }

    /// Whether nobody stands in here yet.
    pub(crate) const fn is_untouched(&self) -> bool {
        self.delivered == 0 && self.failed_count() == 0
    }

    /// Adds what became of further ones.
    pub(crate) fn extend(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.unlisted += other.unlisted;
        self.ended_early |= other.ended_early;
        let room = LISTED_MAX.saturating_sub(self.failed.len());
        self.unlisted += other.failed.len().saturating_sub(room);
        self.failed.extend(other.failed.into_iter().take(room));
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
            unlisted: 0,
            ended_early: false,
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
