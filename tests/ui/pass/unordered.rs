//! Messages that may overlap, with and without the crate's place.
#![deny(warnings)]

use wsfn::{ConnectionId, Gone, Push, Result, on_message};

#[on_message(unordered)]
async fn answer(id: &ConnectionId, push: &Push, gone: Gone, question: &str) -> Result<()> {
    let mut words = push.stream(id);
    for word in question.split_inclusive(' ') {
        if gone.is_true() {
            break;
        }
        words.write(word).await?;
    }
    words.finish().await?;
    Ok(())
}

mod elsewhere {
    #[wsfn::on_message(unordered, crate = wsfn)]
    pub async fn shout(text: &str) -> String {
        text.to_uppercase()
    }
}

fn main() {
    let _ = (wsfn::app![answer], wsfn::app![elsewhere::shout]);
}
