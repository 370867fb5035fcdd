use std::time::Duration;

use tokio::time::sleep;
use wsfn::{ConnectionId, Gone, Push, Result, Session, on_message};

/// How long the next word takes; think of a model that makes it.
const PACE: Duration = Duration::from_millis(200);

/// Says a text word by word, until the client says `stop`, or another text, or leaves.
///
/// `unordered`, since `stop` has to reach the function while it still speaks.
#[on_message(unordered)]
async fn recite(
    id: &ConnectionId,
    push: &Push,
    gone: Gone,
    mut session: Session<u64>, // counts what was asked, wherever each question is handled
    text: &str,
) -> Result<Option<&'static str>> {
    let mut mine = 0;
    let count = |asked: &mut Option<u64>| mine = *asked.insert(asked.unwrap_or(0) + 1);
    session.update(count).await?;
    if text == "stop" {
        return Ok(None);
    }
    let mut answer = push.stream(id);
    for word in text.split_inclusive(' ') {
        tokio::select! {
            () = gone.wait() => return Ok(None),
            () = sleep(PACE) => session.reload().await?,
        }
        if session.get() != Some(&mine) {
            answer.finish().await?;
            return Ok(Some("(stopped)"));
        }
        answer.write(word).await?;
    }
    answer.finish().await?;
    Ok(Some("(the end)"))
}

wsfn::main!(recite);

#[cfg(test)]
mod tests;
