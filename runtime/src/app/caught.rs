//! A handler's panic stays its own.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::entry::BoxFuture;

/// A future whose panic is a result: in a poll, or when it is dropped.
///
/// What it leaves behind may be seen by other events only through states, whose own locks say that they are poisoned.
pub(super) struct Caught<'e, T>(Option<BoxFuture<'e, T>>);

/// What it panicked with.
pub(super) struct Panicked(pub(super) String);

impl<'e, T> Caught<'e, T> {
    pub(super) const fn new(future: BoxFuture<'e, T>) -> Self {
        Self(Some(future))
    }
}

impl<T> Future for Caught<'_, T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return Poll::Pending;
        };
        let result = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(Panicked(text(&*payload))),
        };
        let dropped = drop_caught(self.0.take());
        Poll::Ready(result.and_then(|value| dropped.map(|()| value)))
    }
}

impl<T> Drop for Caught<'_, T> {
    fn drop(&mut self) {
        // Dropped before its end: the deadline came, which is what is reported.
        let _ = drop_caught(self.0.take());
    }
}

fn drop_caught<T>(future: Option<BoxFuture<'_, T>>) -> Result<(), Panicked> {
    catch_unwind(AssertUnwindSafe(|| drop(future))).map_err(|payload| Panicked(text(&*payload)))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("something that is no text")
        .to_owned()
}
