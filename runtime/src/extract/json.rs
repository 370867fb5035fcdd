//! JSON in a message.

use serde::Deserialize;

use super::body::text;
use super::{Extracted, FromEvent, explain};
use crate::error::Rejection;
use crate::event::{Event, HasBody};
use crate::message::Json;

impl<'e, E: HasBody<Self>, T: Deserialize<'e> + Send + 'e> FromEvent<'e, E> for Json<T> {
    async fn from_event(event: &'e Event<E>) -> Result<Self, Rejection> {
        Self::__extract(event).await
    }

    fn __extract(event: &'e Event<E>) -> Extracted<'e, Self> {
        Extracted::now(text(event).and_then(|text| {
            let value = serde_json::from_str(text)
                .or_else(|error| explain::read_again(text, &error, &event.content.unescaped));
            value.map(Json).map_err(Rejection::new)
        }))
    }
}
