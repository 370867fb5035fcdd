//! What is made once and lent to every handler.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::error::{Rejection, Result};

/// Made once per instance, before the first event, and lent to handlers as `&T` or `Arc<T>`: a pool, a client, a
/// cache. Only what the listed handlers ask for is made.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use wsfn::{Result, State, Text, on_message};
///
/// struct Counter(AtomicU64);
///
/// impl State for Counter {
///     async fn init() -> Result<Self> {
///         Ok(Counter(AtomicU64::new(0)))
///     }
/// }
///
/// #[on_message]
/// async fn count(counter: &Counter) -> Text {
///     Text(counter.0.fetch_add(1, Ordering::Relaxed).to_string())
/// }
/// # fn main() { let _ = wsfn::app![count].state(Counter(AtomicU64::new(7))); }
/// ```
///
/// [`App::state`](crate::App::state) gives a value instead, for tests or for what is made by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `State`, so no handler can have it as an argument",
    label = "`{Self}` is neither part of the event nor a `State`",
    note = "write `impl State for {Self} {{ async fn init() -> Result<Self> {{ … }} }}` to have one made at start and lent to every handler"
)]
pub trait State: Sized + Send + Sync + 'static {
    /// Makes the value. Where it fails, the application does not start.
    ///
    /// ```
    /// struct Names(Vec<String>);
    ///
    /// impl wsfn::State for Names {
    ///     async fn init() -> wsfn::Result<Self> {
    ///         let names = std::fs::read_to_string("names.txt")?;
    ///         Ok(Names(names.lines().map(str::to_owned).collect()))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Whatever keeps it from being made: the error ends the start, and is printed.
    fn init() -> impl Future<Output = Result<Self>> + Send;
}

/// Any state, shared.
pub(crate) type Shared = Arc<dyn Any + Send + Sync>;

/// The states of one application, by type.
#[derive(Default)]
pub(crate) struct States(HashMap<TypeId, Shared>);

impl States {
    pub(crate) fn insert<T: State>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Arc::new(value));
    }

    pub(crate) fn put(&mut self, id: TypeId, value: Shared) {
        self.0.insert(id, value);
    }

    pub(crate) fn has(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }

    pub(crate) fn get<T: State>(&self) -> Result<&T, Rejection> {
        let value = self.0.get(&TypeId::of::<T>());
        value
            .and_then(|value| value.downcast_ref())
            .ok_or_else(missing::<T>)
    }

    pub(crate) fn share<T: State>(&self) -> Result<Arc<T>, Rejection> {
        let value = self.0.get(&TypeId::of::<T>());
        value
            .and_then(|value| Arc::clone(value).downcast().ok())
            .ok_or_else(missing::<T>)
    }
}

/// Only an extractor that reads a state without asking for it in its `setup` gets here.
fn missing<T>() -> Rejection {
    Rejection::new(format!("state `{}`: not made", type_name::<T>()))
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({})", self.0.len())
    }
}
