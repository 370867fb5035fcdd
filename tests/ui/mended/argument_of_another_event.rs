// Implement it for the event too, or for every event at once, as here.

use wsfn::{Event, FromEvent, Rejection, Slot, on_close};

struct Word;

impl<'e, E: Slot> FromEvent<'e, E> for Word {
    async fn from_event(_: &'e Event<E>) -> Result<Self, Rejection> {
        Ok(Self)
    }
}

#[on_close]
async fn leave(word: Word) {
    let _ = word;
}

wsfn::main!(leave);
