//! Functions that are slow or fail, where a test says so.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wsfn_gateway::InvokeError;
use wsfn_protocol::Kind;

use crate::__private::BoxFuture;
use crate::reply::{Problem, Reply};

/// What is in store for a call.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Takes(Duration),
    Fails,
    Panics,
    NeverAnswers,
    Breaks,
    IsUnreachable,
}

impl Fault {
    /// Whether the handler does not even see the event.
    const fn is_before_handler(self) -> bool {
        matches!(self, Self::Breaks | Self::IsUnreachable)
    }
}

/// What is in store for calls, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<VecDeque<(Kind, Fault)>>);

impl Faults {
    fn faults(&self) -> MutexGuard<'_, VecDeque<(Kind, Fault)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest for this kind, if it is of that sort.
    fn take(&self, kind: Kind, before_handler: bool) -> Option<Fault> {
        let mut faults = self.faults();
        let at = faults.iter().position(|(of, _)| *of == kind)?;
        let (_, fault) = *faults.get(at)?;
        if fault.is_before_handler() != before_handler {
            return None;
        }
        faults.remove(at);
        Some(fault)
    }

    /// What becomes of a call before its handler is reached.
    pub(super) fn before_handler(&self, kind: Kind) -> Option<InvokeError> {
        match self.take(kind, true)? {
            Fault::Breaks => Some(InvokeError::Failed("the test cuts it off".into())),
            _ => Some(InvokeError::NotSent),
        }
    }

    /// The handler, or what it does instead.
    pub(crate) fn in_handler<'e>(
        &self,
        kind: Kind,
        handling: BoxFuture<'e, Reply>,
    ) -> BoxFuture<'e, Reply> {
        match self.take(kind, false) {
            Some(Fault::Takes(time)) => Box::pin(async move {
                tokio::time::sleep(time).await;
                handling.await
            }),
            Some(Fault::Fails) => Box::pin(async {
                Reply::failed(Problem::from_error("the test makes it fail".into()))
            }),
            Some(Fault::Panics) => Box::pin(async { panic!("the test makes it panic") }),
            Some(Fault::NeverAnswers) => Box::pin(std::future::pending()),
            Some(Fault::Breaks | Fault::IsUnreachable) | None => handling,
        }
    }
}

/// What the next call of a function does: [`RunningApp::next_call`](super::RunningApp::next_call).
///
/// ```
/// # use std::time::Duration;
/// # use wsfn::testing::{Kind, RunningApp};
/// # fn example(app: &mut RunningApp) {
/// app.next_call(Kind::Message).takes(Duration::from_secs(5));
/// app.next_call(Kind::Message).times(3).fails();
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is in store until it is said what the call does"]
pub struct NextCall<'a> {
    faults: &'a Faults,
    kind: Kind,
    times: usize,
}

impl<'a> NextCall<'a> {
    pub(super) const fn new(faults: &'a Faults, kind: Kind) -> Self {
        Self {
            faults,
            kind,
            times: 1,
        }
    }

    /// Each of the next `n` calls.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Message).times(3).fails();
    /// # }
    /// ```
    pub const fn times(mut self, n: usize) -> Self {
        self.times = n;
        self
    }

    /// The handler takes this long before it begins. Where that is longer than `invoke-timeout` it times out, with
    /// errNo 1006.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Message).takes(Duration::from_secs(5));
    /// # }
    /// ```
    pub fn takes(self, time: Duration) {
        self.put(Fault::Takes(time));
    }

    /// The handler returns an error: errNo 1004.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Message).fails();
    /// # }
    /// ```
    pub fn fails(self) {
        self.put(Fault::Fails);
    }

    /// The handler panics: errNo 1005.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Connect).panics();
    /// # }
    /// ```
    pub fn panics(self) {
        self.put(Fault::Panics);
    }

    /// The handler never returns: errNo 1006, shortly before `invoke-timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Message).never_answers();
    /// # }
    /// ```
    pub fn never_answers(self) {
        self.put(Fault::NeverAnswers);
    }

    /// The call is cut off, as when the process of a function dies: the handler does not see the event. A connect is
    /// answered with 502; a message closes its connection with 1011; a close is sent again.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Message).breaks();
    /// # }
    /// ```
    pub fn breaks(self) {
        self.put(Fault::Breaks);
    }

    /// The function cannot be reached: the handler does not see the event. A connect is answered with 502; a message
    /// closes its connection with 1013; a close is sent again.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsfn::testing::{Kind, RunningApp};
    /// # fn example(app: &mut RunningApp) {
    /// app.next_call(Kind::Close).is_unreachable();
    /// # }
    /// ```
    pub fn is_unreachable(self) {
        self.put(Fault::IsUnreachable);
    }

    fn put(self, fault: Fault) {
        let faults = std::iter::repeat_n((self.kind, fault), self.times);
        self.faults.faults().extend(faults);
    }
}
