//! What every kind of event has, and what only a close has.

use std::fmt;
use std::sync::Arc;

use super::ready;
use crate::connection_id::ConnectionId;
use crate::context::Context;
use crate::event::{HasReason, Slot};
use crate::push::{Gone, Push};
use crate::rooms::Rooms;
use crate::state::State;

/// The event as it came, for what the types do not name.
///
/// Returned from a message or a close handler it is the answer, as Tencent's samples have it. A clone copies no text.
///
/// ```
/// use wsfn::{RawEvent, on_close};
///
/// #[on_close]
/// async fn cleanup(event: RawEvent) -> RawEvent {
///     println!("{} bytes", event.as_str().len());
///     event
/// }
/// # fn main() {}
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent(pub(crate) Arc<str>);

impl RawEvent {
    /// The JSON text. It holds the whole connection id: not for logs.
    ///
    /// ```
    /// # fn example(event: wsfn::RawEvent) {
    /// println!("{} bytes", event.as_str().len());
    /// # }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawEvent({} bytes)", self.0.len())
    }
}

/// Why a connection ended. Our gateway says so; Tencent's documents nothing, and both are `None` there.
///
/// ```
/// use wsfn::{CloseReason, on_close};
///
/// #[on_close]
/// async fn leave(why: CloseReason) {
///     if why.code == Some(1006) {
///         println!("lost without a word");
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CloseReason {
    /// The close code: the client's, or ours where the gateway closed; 1005 when the client's close frame had none,
    /// 1006 when no close frame got through.
    pub code: Option<u16>,
    /// The reason in the close frame, which is the client's own text.
    pub reason: Option<String>,
}

ready!(#[diagnostic::do_not_recommend] [] ConnectionId, Slot, event => Ok(event.id.clone()));
ready!(#[diagnostic::do_not_recommend] [] &'e ConnectionId, Slot, event => Ok(&event.id));
ready!(#[diagnostic::do_not_recommend] [] Context, Slot, event => Ok(event.context.clone()));
ready!(#[diagnostic::do_not_recommend] [] &'e Context, Slot, event => Ok(&event.context));
ready!(#[diagnostic::do_not_recommend] [] Push, Slot, event => Ok(event.push().clone()), setup => setup.push(); event absent if !event.push().is_set());
ready!(#[diagnostic::do_not_recommend] [] &'e Push, Slot, event => Ok(event.push()), setup => setup.push(); event absent if !event.push().is_set());
ready!(#[diagnostic::do_not_recommend] [] Rooms, Slot, event => Ok(event.rooms.clone()), setup => setup.rooms(); event absent if !event.push().is_set());
ready!(#[diagnostic::do_not_recommend] [] &'e Rooms, Slot, event => Ok(&event.rooms), setup => setup.rooms(); event absent if !event.push().is_set());
ready!(#[diagnostic::do_not_recommend] [] Gone, Slot, event => Ok(Gone::of(event.push(), &event.id)), setup => setup.gone = true);
ready!(#[diagnostic::do_not_recommend] [] RawEvent, Slot, event => Ok(RawEvent(Arc::clone(&event.raw))));
ready!([T: State] &'e T, Slot, event => event.states.get(), setup => setup.state::<T>());
ready!([T: State] Arc<T>, Slot, event => event.states.share(), setup => setup.state::<T>());
ready!([] CloseReason, HasReason<CloseReason>, event => Ok(CloseReason {
    code: event.content.code,
    reason: event.close_reason().map(str::to_owned),
}); event absent if event.content.code.is_none() && event.content.reason.is_none());
