//! A layer that is one `async fn`.

use std::future::Future;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::entry::BoxFuture;
use super::{Handled, Invocation, Next};
use crate::error::{BoxError, Error};

/// Puts a function around what is inside.
pub(super) struct AroundLayer<F>(pub(super) F);

impl<F> Layer<Next> for AroundLayer<F>
where
    F: Clone,
{
    type Service = Around<F>;

    fn layer(&self, next: Next) -> Around<F> {
        let function = self.0.clone();
        Around { function, next }
    }
}

/// A function with what is inside it.
#[derive(Clone)]
pub(super) struct Around<F> {
    function: F,
    next: Next,
}

impl<F, T, X> Service<Invocation> for Around<F>
where
    F: Fn(Invocation, Next) -> T,
    T: Future<Output = Result<Handled, X>> + Send + 'static,
    X: Into<Error>,
{
    type Response = Handled;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Handled, BoxError>>;

    /// It is the function that waits for what is inside, if it calls it at all.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, invocation: Invocation) -> Self::Future {
        let handled = (self.function)(invocation, self.next.clone());
        Box::pin(async move { handled.await.map_err(|error| error.into().into_inner()) })
    }
}
