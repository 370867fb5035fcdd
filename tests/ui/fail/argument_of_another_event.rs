// An extractor of one's own is for the events that it names.

use wsfn::{Event, FromEvent, OnMessage, Rejection, on_close};

struct Word;

impl<'e> FromEvent<'e, OnMessage> for Word {
    async fn from_event(_: &'e Event<OnMessage>) -> Result<Self, Rejection> {
        Ok(Word)
    }
}

#[on_close]
async fn leave(word: Word) {
    let _ = word;
}

fn main() {}
