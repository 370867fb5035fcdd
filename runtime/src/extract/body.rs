//! What a message carries.

use super::ready;
use crate::error::Rejection;
use crate::event::{Body, Event, HasBody, Payload, Slot};
use crate::message::{Binary, Message, Text};

/// The text of a message. Of a binary one it is absent.
pub(super) fn text<E: Slot<Content = Payload>>(event: &Event<E>) -> Result<&str, Rejection> {
    match event.payload() {
        Body::Text(text) => Ok(text),
        Body::Binary(_) => Err(Rejection::absent(
            "expected a text message, found a binary one",
        )),
    }
}

fn binary<E: Slot<Content = Payload>>(event: &Event<E>) -> Result<&[u8], Rejection> {
    match event.payload() {
        Body::Binary(bytes) => Ok(bytes),
        Body::Text(_) => Err(Rejection::absent(
            "expected a binary message, found a text one",
        )),
    }
}

ready!([] &'e str, HasBody<&'e str>, event => text(event));
ready!([] Text, HasBody<Text>, event => text(event).map(|text| Text(text.to_owned())));
ready!([] Text<&'e str>, HasBody<Text<&'e str>>, event => text(event).map(Text));
ready!([] String, HasBody<String>, event => text(event).map(str::to_owned));
ready!([] &'e [u8], HasBody<&'e [u8]>, event => binary(event));
ready!([] Binary, HasBody<Binary>, event => binary(event).map(|bytes| Binary(bytes.to_owned())));
ready!([] Binary<&'e [u8]>, HasBody<Binary<&'e [u8]>>, event => binary(event).map(Binary));
ready!([] Message, HasBody<Message>, event => Ok(event.payload().into()));
