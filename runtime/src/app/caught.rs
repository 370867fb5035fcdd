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
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Panicked(pub(super) String);

impl Panicked {
    pub(super) fn new(payload: Box<dyn Any + Send>) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("something that is no text").to_owned();
        // What a program panics with is a value of its own, whose drop may panic again; what that one panics with is
        // not dropped at all.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(payload);
        }
        Self(text)
    }
}

/// Runs what belongs to the program outside of its future: an error that is shown or dropped, `on_error`.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(Panicked::new)
}

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
            Err(payload) => Err(Panicked::new(payload)),
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
    caught(|| drop(future))
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use super::{Caught, Panicked};

    /// Panics when it is dropped, with itself.
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("dropped");
            }
        }
    }

    async fn caught<T>(future: impl Future<Output = T> + Send) -> Result<T, Panicked> {
        Caught::new(Box::pin(future)).await
    }

    #[tokio::test]
    async fn a_panic_is_a_result() {
        let panicked = |text: &str| Err(Panicked(text.to_owned()));
        assert_eq!(caught(async { 1 }).await, Ok(1));
        assert_eq!(
            caught::<()>(async { panic!("boom") }).await,
            panicked("boom")
        );
        assert_eq!(
            caught::<()>(async { panic!("no {}", 7) }).await,
            panicked("no 7")
        );
    }

    #[tokio::test]
    async fn a_panic_in_a_drop_is_one_too() {
        // Dropped by the body while it is polled.
        let result = caught(async { drop(Bomb) }).await;
        assert_eq!(result, Err(Panicked("dropped".to_owned())));
        // Held by a future that never ends, which is dropped from outside.
        let held = async {
            let _bomb = Bomb;
            std::future::pending::<()>().await;
        };
        let mut caught = Caught::new(Box::pin(held));
        std::future::poll_fn(|context| {
            assert!(std::pin::Pin::new(&mut caught).poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(caught);
    }

    #[tokio::test]
    async fn a_payload_that_panics_when_dropped_is_survived() {
        let result = caught::<()>(async { std::panic::panic_any(Bomb) }).await;
        assert_eq!(
            result,
            Err(Panicked("something that is no text".to_owned()))
        );
    }
}
