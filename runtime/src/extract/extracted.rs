//! An argument on its way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Rejection;

type BoxFuture<'e, T> = Pin<Box<dyn Future<Output = T> + Send + 'e>>;

/// An argument that is ready, or a future of one.
#[doc(hidden)]
pub enum Extracted<'e, T> {
    /// Ready. `None` once it was given.
    Now(Option<Result<T, Rejection>>),
    /// Not ready.
    Later(BoxFuture<'e, Result<T, Rejection>>),
}

impl<'e, T: Send + 'e> Extracted<'e, T> {
    pub(crate) const fn now(value: Result<T, Rejection>) -> Self {
        Self::Now(Some(value))
    }

    /// The same with another result; a box only where there was one.
    pub(crate) fn map<U: Send + 'e>(
        self,
        change: fn(Result<T, Rejection>) -> Result<U, Rejection>,
    ) -> Extracted<'e, U> {
        match self {
            Self::Now(value) => Extracted::Now(value.map(change)),
            Self::Later(value) => Extracted::Later(Box::pin(async move { change(value.await) })),
        }
    }
}

impl<T> Unpin for Extracted<'_, T> {}

impl<T> Future for Extracted<'_, T> {
    type Output = Result<T, Rejection>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(value) => match value.take() {
                Some(value) => Poll::Ready(value),
                // Polled after it was ready, which no `.await` does: it stays without an answer.
                None => Poll::Pending,
            },
            Self::Later(future) => future.as_mut().poll(context),
        }
    }
}

impl<T> fmt::Debug for Extracted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Extracted::Now",
            Self::Later(_) => "Extracted::Later",
        })
    }
}
