//! `Option<X>` and `Result<X, Rejection>` of any argument.

use std::future::Future;

use super::{Extracted, FromEvent};
use crate::app::Setup;
use crate::error::Rejection;
use crate::event::{Event, Slot};

/// `None` where the thing is absent; one that is there and malformed still refuses.
impl<'e, E: Slot, X: FromEvent<'e, E>> FromEvent<'e, E> for Option<X> {
    fn setup(setup: &mut Setup) {
        // An optional `&Push` is `None` without a push address: only another argument makes that one required.
        let required = setup.push;
        X::setup(setup);
        setup.push = required;
    }

    fn from_event(event: &'e Event<E>) -> impl Future<Output = Result<Self, Rejection>> + Send {
        Self::__extract(event)
    }

    fn __extract(event: &'e Event<E>) -> Extracted<'e, Self> {
        if X::__is_absent(event) {
            return Extracted::now(Ok(None));
        }
        X::__extract(event).map(|value| match value {
            Ok(value) => Ok(Some(value)),
            Err(rejection) if rejection.is_absent() => Ok(None),
            Err(rejection) => Err(rejection),
        })
    }
}

/// The handler looks at the rejection itself.
impl<'e, E: Slot, X: FromEvent<'e, E>> FromEvent<'e, E> for Result<X, Rejection> {
    fn setup(setup: &mut Setup) {
        X::setup(setup);
    }

    fn from_event(event: &'e Event<E>) -> impl Future<Output = Result<Self, Rejection>> + Send {
        Self::__extract(event)
    }

    fn __extract(event: &'e Event<E>) -> Extracted<'e, Self> {
        X::__extract(event).map(Ok)
    }
}
