//! Layers: what runs before and after the call of an event.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use tower_service::Service;

use super::entry::BoxFuture;
use super::{Handled, Invocation};
use crate::error::{BoxError, Result};

/// What a layer is put around: the handler, or the layers that were added before.
///
/// It is a [`tower::Service`](https://docs.rs/tower/latest/tower/trait.Service.html) of [`Invocation`]s. Its clones
/// are the same service, one for each event.
///
/// A handler that fails is no error of this service: the failure is in [`Handled`]. Errors are those of layers.
///
/// ```
/// use std::task::{Context, Poll};
/// use wsfn::{Invocation, Next};
///
/// /// A service that says what it passes on; `tower::layer::layer_fn` makes a layer of it.
/// #[derive(Clone)]
/// struct Told(Next);
///
/// impl tower::Service<Invocation> for Told {
///     type Response = wsfn::Handled;
///     type Error = <Next as tower::Service<Invocation>>::Error;
///     type Future = <Next as tower::Service<Invocation>>::Future;
///
///     fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
///         self.0.poll_ready(context)
///     }
///
///     fn call(&mut self, event: Invocation) -> Self::Future {
///         println!("{:?}", event.kind());
///         self.0.call(event)
///     }
/// }
/// # #[wsfn::on_message] async fn talk() {}
/// # fn main() { let _ = wsfn::app![talk].layer(tower::layer::layer_fn(Told)); }
/// ```
#[derive(Clone)]
pub struct Next(Inner);

enum Inner {
    Handler,
    Layer(Box<dyn Erased>),
}

/// A service that is a layer with all that is inside it.
trait Erased: Send + Sync {
    fn cloned(&self) -> Box<dyn Erased>;
    fn ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>>;
    fn serve(&mut self, invocation: Invocation) -> BoxFuture<'static, Result<Handled, BoxError>>;
}

impl<S> Erased for S
where
    S: Service<Invocation, Response = Handled> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    fn cloned(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }

    fn ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.poll_ready(context).map_err(Into::into)
    }

    fn serve(&mut self, invocation: Invocation) -> BoxFuture<'static, Result<Handled, BoxError>> {
        let handled = Service::call(self, invocation);
        Box::pin(async move { handled.await.map_err(Into::into) })
    }
}

impl Next {
    /// The handler itself.
    pub(super) const fn handler() -> Self {
        Self(Inner::Handler)
    }

    pub(super) fn layer<S>(service: S) -> Self
    where
        S: Service<Invocation, Response = Handled> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
    {
        Self(Inner::Layer(Box::new(service)))
    }

    /// Waits until what is inside can take an event, and has it handle this one.
    ///
    /// ```
    /// use wsfn::{Handled, Invocation, Next, Result};
    ///
    /// async fn timed(event: Invocation, next: Next) -> Result<Handled> {
    ///     let begun = std::time::Instant::now();
    ///     let handled = next.run(event).await;
    ///     println!("{:?}", begun.elapsed());
    ///     handled
    /// }
    /// # #[wsfn::on_message] async fn talk() {}
    /// # fn main() { let _ = wsfn::app![talk].around(timed); }
    /// ```
    ///
    /// # Errors
    /// When a layer failed, or refused the event. A handler that failed is `Ok`: see [`Handled::is_failed`].
    ///
    /// # Cancel safety
    /// When dropped, the handler stops at the `.await` where it is.
    pub async fn run(mut self, invocation: Invocation) -> Result<Handled> {
        poll_fn(|context| self.poll_ready(context)).await?;
        Ok(self.call(invocation).await?)
    }
}

impl Service<Invocation> for Next {
    type Response = Handled;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Handled, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match &mut self.0 {
            Inner::Handler => Poll::Ready(Ok(())),
            Inner::Layer(service) => service.ready(context),
        }
    }

    fn call(&mut self, invocation: Invocation) -> Self::Future {
        match &mut self.0 {
            Inner::Handler => Box::pin(async move { Ok(invocation.handle().await) }),
            Inner::Layer(service) => service.serve(invocation),
        }
    }
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        match self {
            Self::Handler => Self::Handler,
            // Not a clone of the box.
            Self::Layer(service) => Self::Layer(service.as_ref().cloned()),
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Inner::Handler => "Next(handler)",
            Inner::Layer(_) => "Next(layer)",
        })
    }
}
