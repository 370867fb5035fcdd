//! The session as an argument.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use wsfn_protocol::{Kind, SessionValue};

use super::Session;
use crate::app::Setup;
use crate::error::Rejection;
use crate::event::{Event, Slot};
use crate::extract::{Extracted, FromEvent};
use crate::rooms::RoomsError;

impl<'e, E: Slot, T: DeserializeOwned + Send + 'e> FromEvent<'e, E> for Session<T> {
    fn setup(setup: &mut Setup) {
        setup.rooms();
    }

    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        match Self::ask(event.rooms().clone(), event.id.clone()).await {
            // The gateway keeps what is readable in a close handler for a bounded number, and not across a restart.
            Err(error) if E::KIND == Kind::Close && error.is_gone() => {
                of_event(event, Arc::new(SessionValue::none()))
            }
            asked => asked.map_err(|error| refused(event, &error)),
        }
    }

    fn __extract(event: &'e Event<E>) -> Extracted<'e, Self> {
        match carried(event) {
            Some(known) => Extracted::now(of_event(event, known)),
            None => Extracted::Later(Box::pin(Self::from_event(event))),
        }
    }

    fn __is_absent(event: &'e Event<E>) -> bool {
        carried(event).is_none() && !event.push().is_set()
    }
}

/// What the event brings. Where there is a store the session is kept there, and the gateway knows nothing of it.
fn carried<E: Slot>(event: &Event<E>) -> Option<Arc<SessionValue>> {
    match event.push().store() {
        Some(_) => None,
        None => event.context.session.read(),
    }
}

fn of_event<T: DeserializeOwned, E: Slot>(
    event: &Event<E>,
    known: Arc<SessionValue>,
) -> Result<Session<T>, Rejection> {
    Session::new(event.rooms().clone(), event.id.clone(), known)
        .map_err(|error| refused(event, &RoomsError::session(&error)))
}

/// The rejection, whose text may go to a client: what is wrong stands in the log.
fn refused<E: Slot>(event: &Event<E>, error: &RoomsError) -> Rejection {
    tracing::warn!(
        connection = ?event.id,
        request_id = &*event.context.request_id,
        "the session cannot be read: {error}"
    );
    Rejection::new(if error.is_session() {
        "session: not what the handler takes"
    } else {
        "session: it could not be asked for"
    })
}
