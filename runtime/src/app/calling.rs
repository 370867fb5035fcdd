//! The call of a handler: its panic, its deadline, and the span that its own log lines stand in.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};
use tracing::Span;
use wsfn_protocol::{ErrNo, Kind};

use super::caught::{Caught, Panicked};
use super::entry::BoxFuture;
use crate::reply::{Answer, Problem, Reply};

/// How long before the platform's deadline a handler is answered for: time to write the answer and to send it, also on a
/// machine that is busy, and before it is answered for one that blocks its thread.
const ANSWER_TAKES: Duration = Duration::from_millis(350);

/// The share of the time left that the answer gets where that is short.
const ANSWER_SHARE: f64 = 1.0 / 3.0;

/// Has a handler handle an event of its kind: `handle!(entry, content, span, |content| event; …)`. What comes of it is
/// the answer, and those parts of the event that outlive it: id, request id and text. An event is moved nowhere while
/// its handler runs, and its type is another one for each kind: hence a macro.
macro_rules! handle {
    (
        $entry:expr, $content:expr, $span:expr, |$part:ident| $event:expr;
        faults $faults:expr; else $other:expr
    ) => {
        match ($content, $entry.call()) {
            (Content::Connect($part), Call::Connect(call)) => {
                handle!(run, $entry, call, $event, $span, $faults)
            }
            (Content::Message($part), Call::Message(call)) => {
                handle!(run, $entry, call, $event, $span, $faults)
            }
            (Content::Close($part), Call::Close(call)) => {
                handle!(run, $entry, call, $event, $span, $faults)
            }
            // The entry was found by the kind of the event.
            _ => $other,
        }
    };
    (run, $entry:expr, $call:ident, $event:expr, $span:expr, $faults:expr) => {{
        let event = $event;
        let handling = $call(Phase::Event(&event));
        #[cfg(feature = "testing")]
        let handling = calling::as_tested($faults.as_deref(), $entry.kind(), handling);
        let answer = calling::run(handling, event.context.deadline, $span).await;
        (answer, event.id, event.context.request_id, event.raw)
    }};
}
pub(super) use handle;

/// The handler, or what a test has in store in its place.
#[cfg(feature = "testing")]
pub(super) fn as_tested<'e>(
    faults: Option<&crate::testing::Faults>,
    kind: Kind,
    handling: BoxFuture<'e, Reply>,
) -> BoxFuture<'e, Reply> {
    match faults {
        Some(faults) => faults.in_handler(kind, handling),
        None => handling,
    }
}

/// Slots are optional: without a connect handler everyone is accepted, a close needs no handler, and only a message
/// that nobody handles is an error.
pub(super) fn unhandled(kind: Kind) -> Answer {
    match kind {
        Kind::Connect | Kind::Close => Answer::Done,
        Kind::Message => failed(ErrNo::NO_HANDLER, "no handler for `data send`", None),
    }
}

/// Runs a handler inside `span`, until shortly before the deadline.
///
/// # Cancel safety
/// When dropped, the handler stops at the `.await` where it is.
pub(super) async fn run(
    handler: BoxFuture<'_, Reply>,
    deadline: Option<Instant>,
    span: Span,
) -> Answer {
    let mut handler = Caught::new(handler);
    let mut timer = pin!(None);
    let mut at = None;
    let result = poll_fn(|context| {
        // Left between polls: other events run on this thread meanwhile.
        let polled = span.in_scope(|| Pin::new(&mut handler).poll(context));
        if let Poll::Ready(result) = polled {
            return Poll::Ready(Some(result));
        }
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        // Most handlers are done when they are first polled: they need no clock and no timer.
        let at = *at.get_or_insert_with(|| answer_at(deadline));
        // A handler that has blocked its thread until now is late, whether the runtime has noticed that already or not.
        if Instant::now() >= at {
            return Poll::Ready(None);
        }
        if timer.is_none() {
            // A handler that uses up tokio's budget must not keep its own timer from being looked at.
            timer.set(Some(unconstrained(sleep_until(at))));
        }
        match timer.as_mut().as_pin_mut() {
            Some(timer) => timer.poll(context).map(|()| None),
            None => Poll::Pending,
        }
    });
    match result.await {
        Some(Ok(reply)) => reply.result,
        Some(Err(Panicked(text))) => failed(ErrNo::PANICKED, "handler panicked", Some(text)),
        None => Answer::Failed(Box::new(timed_out())),
    }
}

/// What became of a handler that did not come to an end in time.
#[cold]
pub(super) fn timed_out() -> Problem {
    Problem::new(ErrNo::TIMED_OUT, "handler timed out")
}

#[cold]
fn failed(err_no: ErrNo, err_msg: &'static str, why: Option<String>) -> Answer {
    let mut problem = Problem::new(err_no, err_msg);
    problem.error = why.map(Into::into);
    Answer::Failed(Box::new(problem))
}

/// When a handler is answered for, so that the answer is there at the deadline.
fn answer_at(deadline: Instant) -> Instant {
    before(deadline, ANSWER_TAKES, ANSWER_SHARE)
}

/// When what a handler asked for is given up, so that it hears of it before it is answered for.
pub(crate) fn given_up_at(deadline: Instant) -> Instant {
    somewhat_before(answer_at(deadline))
}

/// Earlier than that by what it takes to hear of something, and to do something about it.
pub(crate) fn somewhat_before(deadline: Instant) -> Instant {
    before(deadline, Duration::from_millis(100), 0.1)
}

/// Until when is done what follows on a handler: its answers are pushed, and its store is told what became of the
/// connection. That is after it is answered for, and just before it would count as one that blocks its thread.
pub(crate) fn followed_up_by(deadline: Instant) -> Instant {
    before(deadline, Duration::from_millis(210), 0.15)
}

/// Earlier by this time, and by this share of the time left where that is less.
fn before(deadline: Instant, time: Duration, share: f64) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline
        .checked_sub(time.min(left.mul_f64(share)))
        .unwrap_or(deadline)
}
