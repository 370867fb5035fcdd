//! One handler, without its types.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use wsfn_protocol::Kind;

use super::Setup;
use crate::__private::Handler;
use crate::event::{OnClose, OnConnect, OnMessage, Slot};
use crate::extract::Phase;
use crate::reply::Reply;

pub(crate) type BoxFuture<'e, T> = Pin<Box<dyn Future<Output = T> + Send + 'e>>;

/// A handler in a list.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Entry {
    name: &'static str,
    unordered: bool,
    call: Call,
}

/// What is called for a handler's kind of event.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Call {
    /// For a connect.
    Connect(for<'e> fn(Phase<'e, OnConnect>) -> BoxFuture<'e, Reply>),
    /// For a message.
    Message(for<'e> fn(Phase<'e, OnMessage>) -> BoxFuture<'e, Reply>),
    /// For a close.
    Close(for<'e> fn(Phase<'e, OnClose>) -> BoxFuture<'e, Reply>),
}

/// A slot that knows its place in [`Call`].
#[doc(hidden)]
pub trait SlotOf: Slot {
    /// The call of a handler of this slot.
    fn call<H: Handler<Slot = Self>>() -> Call;
}

impl SlotOf for OnConnect {
    fn call<H: Handler<Slot = Self>>() -> Call {
        Call::Connect(H::call)
    }
}

impl SlotOf for OnMessage {
    fn call<H: Handler<Slot = Self>>() -> Call {
        Call::Message(H::call)
    }
}

impl SlotOf for OnClose {
    fn call<H: Handler<Slot = Self>>() -> Call {
        Call::Close(H::call)
    }
}

impl Entry {
    pub(crate) const fn new(name: &'static str, unordered: bool, call: Call) -> Self {
        Self {
            name,
            unordered,
            call,
        }
    }

    /// The same under the name that a list gives it.
    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The handler's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it takes messages of a connection while earlier ones are still handled.
    pub(crate) const fn is_unordered(&self) -> bool {
        self.unordered
    }

    pub(crate) const fn call(&self) -> Call {
        self.call
    }

    /// Which event it is for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.call {
            Call::Connect(_) => Kind::Connect,
            Call::Message(_) => Kind::Message,
            Call::Close(_) => Kind::Close,
        }
    }

    /// Has the handler ask for what it needs.
    pub(crate) async fn set_up(&self, setup: &mut Setup) {
        match self.call {
            Call::Connect(call) => call(Phase::Setup(setup)).await,
            Call::Message(call) => call(Phase::Setup(setup)).await,
            Call::Close(call) => call(Phase::Setup(setup)).await,
        };
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, self.kind())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect(_) => "Connect",
            Self::Message(_) => "Message",
            Self::Close(_) => "Close",
        })
    }
}
