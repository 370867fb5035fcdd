//! What a push comes to, where a test says so.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wsfn_protocol::{Answer, Audience, Data, ErrNo, Failed, ReplyPush, Request};

use crate::connection_id::ConnectionId;

/// What a push comes to: [`RunningApp::push_outcome`](super::RunningApp::push_outcome).
///
/// ```
/// # use wsfn::testing::{Client, Outcome, PushKind, RunningApp};
/// # fn example(app: &mut RunningApp, bob: &Client) {
/// app.push_outcome(bob.id(), Outcome::Gone);
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The connection is there no more: errNo 1101, [`is_gone`](crate::PushError::is_gone).
    Gone,
    /// Larger than a limit: errNo 1102, [`is_too_large`](crate::PushError::is_too_large).
    TooLarge,
    /// The connection's queue is full: errNo 1103, [`is_throttled`](crate::PushError::is_throttled).
    Throttled,
    /// No answer in time: [`is_timeout`](crate::PushError::is_timeout). The handler waits as long as it would.
    Timeout,
}

impl Outcome {
    pub(super) const fn err_no(self) -> Option<ErrNo> {
        match self {
            Self::Gone => Some(ErrNo::GONE),
            Self::TooLarge => Some(ErrNo::TOO_LARGE),
            Self::Throttled => Some(ErrNo::QUEUE_FULL),
            Self::Timeout => None,
        }
    }
}

/// What a handler asks of the gateway.
///
/// ```
/// # use wsfn::testing::{Client, Outcome, PushKind, RunningApp};
/// # fn example(app: &mut RunningApp, bob: &Client) {
/// let joins = app.pushes().iter().filter(|push| push.kind == PushKind::Join).count();
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PushKind {
    /// A text message to one connection, or to several with [`Push::to_all`](crate::Push::to_all).
    Text,
    /// A binary message, likewise.
    Binary,
    /// A close.
    Close,
    /// Into a room.
    Join,
    /// Out of a room, or of all.
    Leave,
    /// A message to rooms, or to everyone.
    Broadcast,
    /// Who is in a room.
    Members,
    /// Which rooms a connection is in.
    Rooms,
    /// Which connections are open.
    Alive,
    /// What is kept with a connection.
    Session,
}

impl PushKind {
    pub(super) const fn of(request: &Request<'_>) -> Self {
        match request {
            Request::Send { data, .. } | Request::SendMany { data, .. } => {
                Self::of_data(&data.data)
            }
            Request::Close { .. } => Self::Close,
            Request::Join { .. } => Self::Join,
            Request::Leave { .. } => Self::Leave,
            Request::Broadcast { .. } => Self::Broadcast,
            Request::Members { .. } => Self::Members,
            Request::Rooms { .. } => Self::Rooms,
            Request::Alive { .. } => Self::Alive,
            _ => Self::Session,
        }
    }

    pub(super) const fn of_data(data: &Data<'_>) -> Self {
        match data {
            Data::Text(_) => Self::Text,
            Data::Binary(_) => Self::Binary,
        }
    }

    pub(super) const fn of_reply(push: &ReplyPush<'_>) -> Self {
        match push {
            ReplyPush::Send(data) => Self::of_data(&data.data),
            ReplyPush::Close { .. } => Self::Close,
        }
    }
}

/// What is in store for pushes.
#[derive(Debug, Default)]
pub(super) struct Outcomes(Mutex<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    id: ConnectionId,
    kind: Option<PushKind>,
    /// How often it still holds; `None` is always.
    left: Option<usize>,
    outcome: Outcome,
}

/// What is in store for one push.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) times_out: bool,
    /// The answer to the whole of it, in place of the gateway's.
    pub(super) refused: Option<Answer>,
    /// For these connections it fails, and the gateway does not see them.
    pub(super) failed: Vec<Failed>,
}

impl Outcomes {
    /// Nothing that panics runs under the lock.
    fn rules(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, id: ConnectionId, outcome: Outcome) {
        self.rules().push(Rule {
            id,
            kind: None,
            left: None,
            outcome,
        });
    }

    pub(super) fn clear(&self, id: &ConnectionId) {
        self.rules().retain(|rule| rule.id != *id);
    }

    /// What a push of this kind to this connection comes to, if a rule says so. Of two the newer counts.
    pub(super) fn take(&self, id: &str, kind: PushKind) -> Option<Outcome> {
        let mut rules = self.rules();
        let rule = rules.iter_mut().rev().find(|rule| {
            rule.id.as_str() == id
                && rule.kind.is_none_or(|only| only == kind)
                && rule.left != Some(0)
        })?;
        if let Some(left) = &mut rule.left {
            *left -= 1;
        }
        Some(rule.outcome)
    }

    /// What is in store for a push, which is changed so that the gateway sees only the rest of it. `hears` says whether
    /// a connection is in an audience.
    pub(super) fn judge(
        &self,
        request: &mut Request<'_>,
        hears: impl Fn(&str, &Audience<'_>) -> bool,
    ) -> Verdict {
        let kind = PushKind::of(request);
        let mut verdict = Verdict::default();
        let mut judge = |id: &str| -> bool {
            match self.take(id, kind) {
                None => return false,
                Some(outcome) => match outcome.err_no() {
                    None => verdict.times_out = true,
                    Some(err_no) => verdict.failed.push(Failed {
                        id: id.to_owned(),
                        err_no: err_no.0,
                    }),
                },
            }
            true
        };
        match request {
            Request::Send { to: id, .. }
            | Request::Close { to: id, .. }
            | Request::Join { id, .. }
            | Request::Leave { id, .. }
            | Request::Rooms { id }
            | Request::Session { id, .. } => {
                if judge(id)
                    && let Some(failed) = verdict.failed.pop()
                {
                    verdict.refused = Some(Answer::error(
                        ErrNo(failed.err_no),
                        "as the test has it in store",
                    ));
                }
            }
            Request::SendMany { to, .. } => to.retain(|id| !judge(id)),
            Request::Broadcast { to, except, .. } => {
                let ids: Vec<String> = self.ids();
                for id in ids {
                    let excepted = except.iter().any(|one| **one == *id);
                    if !excepted && hears(&id, to) && judge(&id) {
                        except.push(Cow::Owned(id));
                    }
                }
                // Who has gone from a room is nobody's business.
                verdict.failed.retain(|one| one.err_no != ErrNo::GONE.0);
            }
            _ => {}
        }
        verdict
    }

    /// The connections that there are rules for, each once.
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for rule in self.rules().iter() {
            if !ids.iter().any(|id| id == rule.id.as_str()) {
                ids.push(rule.id.as_str().to_owned());
            }
        }
        ids
    }
}

/// The newest outcome that a test has put in store, to be narrowed.
///
/// ```
/// # use wsfn::testing::{Outcome, PushKind, RunningApp, Client};
/// # fn example(app: &mut RunningApp, bob: &Client) {
/// app.push_outcome(bob.id(), Outcome::Throttled).only(PushKind::Text).times(2);
/// # }
/// ```
#[derive(Debug)]
pub struct InStore<'a>(&'a Outcomes);

impl<'a> InStore<'a> {
    pub(super) const fn new(outcomes: &'a Outcomes) -> Self {
        Self(outcomes)
    }

    /// Only for pushes of this kind.
    ///
    /// ```
    /// # use wsfn::testing::{Client, Outcome, PushKind, RunningApp};
    /// # fn example(app: &mut RunningApp, bob: &Client) {
    /// app.push_outcome(bob.id(), Outcome::TooLarge).only(PushKind::Binary);
    /// # }
    /// ```
    pub fn only(self, kind: PushKind) -> Self {
        if let Some(rule) = self.0.rules().last_mut() {
            rule.kind = Some(kind);
        }
        self
    }

    /// Only for the next `n` pushes that it is for.
    ///
    /// ```
    /// # use wsfn::testing::{Client, Outcome, PushKind, RunningApp};
    /// # fn example(app: &mut RunningApp, bob: &Client) {
    /// app.push_outcome(bob.id(), Outcome::Throttled).times(2);
    /// # }
    /// ```
    pub fn times(self, n: usize) -> Self {
        if let Some(rule) = self.0.rules().last_mut() {
            rule.left = Some(n);
        }
        self
    }
}
